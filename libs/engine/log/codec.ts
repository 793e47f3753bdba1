import { LogError } from '../model/log-error.ts';
import { type ByteReader, readByte, readDouble, readInt64, readString, readVarint, take } from './byte-reader.ts';
import {
  type ByteWriter,
  reserve,
  writeByte,
  writeDouble,
  writeInt64,
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

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** A text that is often a UUID, which then takes 17 bytes instead of 37. */
export const id: Codec<string> = {
  write(writer, value) {
    if (value.length !== 36 || !UUID.test(value)) {
      writeByte(writer, 0);
      return writeString(writer, value);
    }
    reserve(writer, 17);
    writer.bytes[writer.length++] = 1;
    const digits = value.replaceAll('-', '');
    for (let at = 0; at < 32; at += 2) writer.bytes[writer.length++] = Number.parseInt(digits.slice(at, at + 2), 16);
    return undefined;
  },
  read(reader) {
    if (readByte(reader) === 0) return readString(reader);
    const start = take(reader, 16);
    let digits = '';
    for (let at = start; at < start + 16; at++) digits += (reader.bytes[at] ?? 0).toString(16).padStart(2, '0');
    const part = (from: number, to?: number): string => digits.slice(from, to);
    return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20)}`;
  },
};

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
