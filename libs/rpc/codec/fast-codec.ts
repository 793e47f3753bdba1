import { compileFunction } from 'node:vm';
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { decoderSource } from './decoder-source.ts';
import { encoderSource } from './encoder-source.ts';
import { type FieldPlan, maybePlan } from './field-plan.ts';
import { MARGIN_BYTES, UNUSUAL, WIRE_TOOLS } from './wire-tools.ts';

/** A codec that was generated, or will be at its first use. Both functions throw where the full codec is needed. */
export interface FastCodec {
  /** False once it is known that every call would throw. */
  isUsable: boolean;
  /** Writes before a place of the scratch bytes. */
  encode: (message: Message, end: number) => number;
  decode: (bytes: Buffer, start: number, end: number, depth: number) => Message;
}

type Functions = Pick<FastCodec, 'encode' | 'decode'>;

const codecs = new WeakMap<DescMessage, FastCodec>();

/** The generated codec of a message type; those of the messages inside are shared by all that hold them. */
export function fastCodecOf(desc: DescMessage): FastCodec {
  let codec = codecs.get(desc);
  if (codec === undefined) {
    codec = createFastCodec(desc);
    codecs.set(desc, codec);
  }
  return codec;
}

function createFastCodec(desc: DescMessage): FastCodec {
  const codec: FastCodec = {
    isUsable: true,
    encode: (message, end) => {
      compile();
      return codec.encode(message, end);
    },
    decode: (bytes, start, end, depth) => {
      compile();
      return codec.decode(bytes, start, end, depth);
    },
  };
  function compile(): void {
    const functions = maybeFunctions(desc);
    codec.isUsable = functions !== undefined;
    codec.encode = functions?.encode ?? refuse;
    codec.decode = functions?.decode ?? refuse;
  }
  return codec;
}

function refuse(): never {
  throw UNUSUAL;
}

/** Absent: the type has something that the generated codecs do not know. */
function maybeFunctions(desc: DescMessage): Functions | undefined {
  const plan = maybePlan(desc);
  if (plan === undefined) return undefined;
  const nested: FastCodec[] = [];
  const names = new Map<FieldPlan, string>();
  for (const field of plan.fields) {
    if (field.message === undefined) continue;
    names.set(field, `n${nested.length}`);
    nested.push(fastCodecOf(field.message));
  }
  const nameOf = (field: FieldPlan): string => names.get(field) ?? '';
  const tools = Object.keys(WIRE_TOOLS).filter((name) => name !== 'scratch');
  const source = `'use strict';
const { ${tools.join(', ')} } = tools;
const [${[...names.values()].join(', ')}] = nested;
return { decode: ${decoderSource(plan, nameOf)},
encode: ${encoderSource(plan, MARGIN_BYTES, nameOf)} };`;
  // The text is made of nothing but descriptors that are part of this program.
  const make = compileFunction(source, ['tools', 'nested'], { filename: `codec:${desc.typeName}` });
  return make(WIRE_TOOLS, nested) as Functions;
}
