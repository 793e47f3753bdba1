/** A value and the options that follow it; the value may be left out where undefined will do. */
export type Given<T, Options> = undefined extends T
  ? [value?: NoInfer<T>, options?: Options]
  : [value: NoInfer<T>, options?: Options];
