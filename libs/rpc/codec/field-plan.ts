import { type DescField, type DescMessage, type DescOneof, ScalarType } from '@bufbuild/protobuf';
import { Edition, FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/** How a value is on the wire. */
export type ValueKind = 'text' | 'bytes' | 'bool' | 'int32' | 'uint32' | 'int64' | 'double' | 'message';

/** What a generated codec needs to know of a field. */
export interface FieldPlan {
  readonly name: string;
  readonly number: number;
  readonly shape: 'single' | 'list' | 'map';
  readonly kind: ValueKind;
  /** Of a message, or of a map's messages. */
  readonly message: DescMessage | undefined;
  readonly oneof: string | undefined;
  /** Whether a zero is left out. */
  readonly skipsZero: boolean;
}

/** A message type that a codec can be generated for. */
export interface MessagePlan {
  readonly typeName: string;
  /** In the order of their numbers. */
  readonly fields: readonly FieldPlan[];
  /** Names of fields and oneofs, in the order of the proto. */
  readonly members: readonly MemberPlan[];
}

/** A property of a message: a field, or the fields of a oneof together. */
export interface MemberPlan {
  readonly name: string;
  /** Absent: a oneof. */
  readonly field: FieldPlan | undefined;
}

const KINDS: ReadonlyMap<ScalarType, ValueKind> = new Map([
  [ScalarType.STRING, 'text'],
  [ScalarType.BYTES, 'bytes'],
  [ScalarType.BOOL, 'bool'],
  [ScalarType.INT32, 'int32'],
  [ScalarType.UINT32, 'uint32'],
  [ScalarType.INT64, 'int64'],
  [ScalarType.UINT64, 'int64'],
  [ScalarType.DOUBLE, 'double'],
]);
/** Tags of one or two bytes. */
const MAX_FIELD_NUMBER = 2_047;
/** So that all that has a fixed size fits in the margin of a writer. */
const MAX_FIELDS = 40;
/** Types whose values are no messages in the fields that hold them. */
const UNWRAPPED = /^google\.protobuf\.(?:Struct|Value|ListValue|\w+Value)$/;

/** The plan of a message type. Absent: it has something that is left to the full codec. */
export function maybePlan(desc: DescMessage): MessagePlan | undefined {
  if (desc.file.edition !== Edition.EDITION_PROTO3 || desc.fields.length > MAX_FIELDS) return undefined;
  const plans = new Map<DescField, FieldPlan>();
  for (const field of desc.fields) {
    const plan = maybeFieldPlan(field);
    if (plan === undefined) return undefined;
    plans.set(field, plan);
  }
  return {
    typeName: desc.typeName,
    fields: [...plans.values()].toSorted((a, b) => a.number - b.number),
    members: desc.members.map((member: DescField | DescOneof) => ({
      name: member.localName,
      field: member.kind === 'oneof' ? undefined : plans.get(member),
    })),
  };
}

function maybeFieldPlan(field: DescField): FieldPlan | undefined {
  const kind = maybeKind(field);
  if (kind === undefined || field.number > MAX_FIELD_NUMBER) return undefined;
  if ('delimitedEncoding' in field && field.delimitedEncoding) return undefined;
  const plan = { name: field.localName, number: field.number, kind, message: field.message };
  switch (field.fieldKind) {
    case 'list':
      // Numbers of 64 bits and others are packed too, but no message on a hot path has a list of them.
      if (kind === 'bool' || kind === 'int64' || kind === 'double' || kind === 'bytes') return undefined;
      if ((kind === 'int32' || kind === 'uint32') && !field.packed) return undefined;
      return { ...plan, shape: 'list', oneof: undefined, skipsZero: false };
    case 'map':
      if (field.mapKey !== ScalarType.STRING || (kind !== 'message' && kind !== 'text')) return undefined;
      return { ...plan, shape: 'map', oneof: undefined, skipsZero: false };
    default: {
      const oneof = field.oneof?.localName;
      const isImplicit = field.presence === FeatureSet_FieldPresence.IMPLICIT && kind !== 'message';
      return { ...plan, shape: 'single', oneof, skipsZero: oneof === undefined && isImplicit };
    }
  }
}

function maybeKind(field: DescField): ValueKind | undefined {
  if (field.message !== undefined) return UNWRAPPED.test(field.message.typeName) ? undefined : 'message';
  if (field.enum !== undefined) return field.enum.open && field.enum.values[0]?.number === 0 ? 'int32' : undefined;
  if (field.scalar === undefined || ('longAsString' in field && field.longAsString)) return undefined;
  return KINDS.get(field.scalar);
}
