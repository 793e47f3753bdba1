/** A searchable value of a run. */
export type AttributeValue =
  | { readonly type: 'keyword'; readonly value: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Milliseconds since 1970. */
  | { readonly type: 'time'; readonly value: number }
  | { readonly type: 'keyword_list'; readonly value: readonly string[] };

/** The attributes of a run by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A value that others are compared with: lists are not, their keywords are. */
export type ComparableValue = Exclude<AttributeValue, { readonly type: 'keyword_list' }>;

/**
 * A condition on one attribute. A value of another type, or none, does not match, and a double that is not a number
 * matches nothing. `equals` with a keyword also matches a keyword list that contains it; bounds match no list. Keywords
 * are ordered by their UTF-8 bytes, `false` comes before `true`. Without a bound any value matches.
 */
export type AttributeCondition =
  | { readonly name: string; readonly equals: ComparableValue }
  | { readonly name: string; readonly atLeast?: ComparableValue; readonly below?: ComparableValue };
