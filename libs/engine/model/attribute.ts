/** A typed value by which runs are searched. */
export type AttributeValue =
  | { readonly kind: 'keyword'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'time'; readonly value: number }
  | { readonly kind: 'keywordList'; readonly value: readonly string[] };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;
