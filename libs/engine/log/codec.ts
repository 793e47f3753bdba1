import { LogError } from '../model/log-error.ts';
import {
  type ByteReader,
  readByte,
  readDouble,
  readInt64,
  readSigned,
  readString,
  readVarint,
  take,
} from './byte-reader.ts';
import {
  type ByteWriter,
  reserve,
  writeByte,
  writeDouble,
  writeInt64,
  writeSigned,
  writeString,
  writeVarint,
} from './byte-writer.ts';

/** How values of one type are written and read. */
export interface Codec<T> {
  readonly write: (writer: ByteWriter, value: T) => void;
  readonly read: (reader: ByteReader) => T;
}

/** Whole numbers from 0: sequences, ordinals, times in milliseconds. */
export const varint: Codec<number> = { write: writeVarint, read: readVarint };
/** Whole numbers of either sign: moments that may be before 1970. */
export const signed: Codec<number> = { write: writeSigned, read: readSigned };
/** An int64. */
export const int64: Codec<bigint> = { write: writeInt64, read: readInt64 };
/** Any number. */
export const double: Codec<number> = { write: writeDouble, read: readDouble };
/** A text. */
export const text: Codec<string> = { write: writeString, read: readString };
/** True or false. */
export const flag: Codec<boolean> = {
  write: (writer, value) => writeByte(writer, value ? 1 : 0),
  read: (reader) => readByte(reader) !== 0,
};
/** A moment, or never, which is Infinity. */
export const moment: Codec<number> = {
  write: (writer, value) => writeVarint(writer, value === Infinity ? 0 : value + 1),
  read(reader) {
    const value = readVarint(reader);
    return value === 0 ? Infinity : value - 1;
  },
};

/** The hexadecimal digits of each byte. */
const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A text that is often a UUID, which then takes 17 bytes instead of 37. */
export const id: Codec<string> = {
  write(writer, value) {
    reserve(writer, 17);
    if (value.length === 36 && putUuid(writer.bytes, writer.length + 1, value)) {
      writer.bytes[writer.length] = 1;
      writer.length += 17;
      return undefined;
    }
    writeByte(writer, 0);
    return writeString(writer, value);
  },
  read(reader) {
    if (readByte(reader) === 0) return readString(reader);
    const start = take(reader, 16);
    let value = '';
    for (let at = 0; at < 16; at += 1) {
      if (at === 4 || at === 6 || at === 8 || at === 10) value += '-';
      value += DIGITS[reader.bytes[start + at] ?? 0];
    }
    return value;
  },
};

/** Puts the bytes of a UUID in small letters; false for what is none. */
function putUuid(bytes: Uint8Array, start: number, value: string): boolean {
  let to = start;
  for (let at = 0; at < 36; at += 2) {
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (value.charCodeAt(at) !== 0x2d) return false;
      at += 1;
    }
    const high = digitOf(value.charCodeAt(at));
    const low = digitOf(value.charCodeAt(at + 1));
    if (high < 0 || low < 0) return false;
    bytes[to++] = high * 16 + low;
  }
  return true;
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** A value that may be absent. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    write(writer, value) {
      writeByte(writer, value === undefined ? 0 : 1);
      if (value !== undefined) codec.write(writer, value);
    },
    read: (reader) => (readByte(reader) === 0 ? undefined : codec.read(reader)),
  };
}

/** Any number of values. */
export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    write(writer, values) {
      writeVarint(writer, values.length);
      for (const value of values) codec.write(writer, value);
    },
    read(reader) {
      const size = readVarint(reader);
      const values: T[] = [];
      for (let index = 0; index < size; index++) values.push(codec.read(reader));
      return values;
    },
  };
}

/** Values by name. */
export function record<T>(codec: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return {
    write(writer, values) {
      const names = Object.keys(values);
      writeVarint(writer, names.length);
      for (const name of names) {
        writeString(writer, name);
        codec.write(writer, values[name] as T);
      }
    },
    read(reader) {
      const entries: Array<[string, T]> = [];
      for (let size = readVarint(reader); size > 0; size--) entries.push([readString(reader), codec.read(reader)]);
      return Object.fromEntries(entries);
    },
  };
}

/** A name with a value. */
export function pair<Value>(value: Codec<Value>): Codec<readonly [string, Value]> {
  return {
    write(writer, [name, held]) {
      writeString(writer, name);
      value.write(writer, held);
    },
    read: (reader) => [readString(reader), value.read(reader)],
  };
}

/** One of a few words, written as its place among them. Words are only ever added at the end. */
export function word<T extends string>(words: readonly T[]): Codec<T> {
  return {
    write(writer, value) {
      const index = words.indexOf(value);
      if (index < 0) throw new LogError('MALFORMED', `${value} is none of ${words.join(', ')}`);
      writeByte(writer, index);
    },
    read(reader) {
      const index = readByte(reader);
      const value = words[index];
      if (value === undefined) throw new LogError('MALFORMED', `word ${index} is none of ${words.join(', ')}`);
      return value;
    },
  };
}

/** A codec for every field, in the order in which they are written. */
export type Fields<T> = { readonly [Field in keyof T]-?: Codec<T[Field]> };

/** The fields of a value one after the other. */
export function object<T extends object>(fields: Fields<T>): Codec<T> {
  const names = Object.keys(fields) as Array<keyof T>;
  const codecs = names.map((name) => fields[name]);
  return {
    write(writer, value) {
      for (let index = 0; index < names.length; index++) {
        codecs[index]?.write(writer, value[names[index] as keyof T]);
      }
    },
    read(reader) {
      const value: Partial<T> = {};
      for (let index = 0; index < names.length; index++) {
        const codec = codecs[index];
        if (codec !== undefined) value[names[index] as keyof T] = codec.read(reader);
      }
      return value as T;
    },
  };
}
