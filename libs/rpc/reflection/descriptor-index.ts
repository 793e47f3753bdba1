import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { file_google_rpc_error_details } from '#gen/google/rpc/error_details_pb.ts';

/** What reflection can find, by the names in it: every file that the served services reach, and what errors carry. */
export interface DescriptorIndex {
  /** Full names of the served services, in order. */
  readonly services: readonly string[];
  /** The file of that name, or none. */
  fileByName(name: string): DescFile | undefined;
  /** The file that declares a service, method, message, field, oneof, enum, enum value or extension. */
  fileBySymbol(symbol: string): DescFile | undefined;
  /** The file that declares the extension of a message with that number. */
  fileByExtension(message: string, number: number): DescFile | undefined;
  /** The numbers of all known extensions of a message, in order; none where no such message is known. */
  extensionNumbers(message: string): readonly number[] | undefined;
  /** A file as `FileDescriptorProto` bytes, then all that it imports, each once. */
  encodedWithImports(file: DescFile): readonly Uint8Array[];
}

/** Walks the files of the services, and of the details of errors, and all that they import. */
export function createDescriptorIndex(services: readonly DescService[]): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const messages = new Set<string>();
  const extensions = new Map<string, Map<number, DescFile>>();
  const encoded = new Map<DescFile, Uint8Array>();

  function addFile(file: DescFile): void {
    if (files.has(file.proto.name)) {
      return;
    }
    files.set(file.proto.name, file);
    file.services.forEach(addService);
    file.messages.forEach(addMessage);
    file.enums.forEach(addEnum);
    file.extensions.forEach(addExtension);
    file.dependencies.forEach(addFile);
  }

  function addService({ typeName, methods, file }: DescService): void {
    symbols.set(typeName, file);
    for (const { name } of methods) {
      symbols.set(`${typeName}.${name}`, file);
    }
  }

  function addMessage(message: DescMessage): void {
    const { typeName, file } = message;
    messages.add(typeName);
    symbols.set(typeName, file);
    for (const { name } of [...message.fields, ...message.oneofs]) {
      symbols.set(`${typeName}.${name}`, file);
    }
    message.nestedMessages.forEach(addMessage);
    message.nestedEnums.forEach(addEnum);
    message.nestedExtensions.forEach(addExtension);
  }

  function addEnum({ typeName, values, file }: DescEnum): void {
    symbols.set(typeName, file);
    // The values of an enum are its siblings, not its children.
    const scope = typeName.slice(0, typeName.lastIndexOf('.') + 1);
    for (const { name } of values) {
      symbols.set(scope + name, file);
    }
  }

  function addExtension({ typeName, extendee, number, file }: DescExtension): void {
    symbols.set(typeName, file);
    const numbers = extensions.get(extendee.typeName) ?? new Map<number, DescFile>();
    extensions.set(extendee.typeName, numbers.set(number, file));
  }

  function encode(file: DescFile): Uint8Array {
    const known = encoded.get(file);
    if (known !== undefined) {
      return known;
    }
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    encoded.set(file, bytes);
    return bytes;
  }

  for (const { file } of services) {
    addFile(file);
  }
  // No method names these messages, but callers meet them in the details of errors.
  addFile(file_google_rpc_error_details);
  return {
    services: services.map(({ typeName }) => typeName).sort(),
    fileByName: (name) => files.get(name),
    fileBySymbol: (symbol) => symbols.get(symbol),
    fileByExtension: (message, number) => extensions.get(message)?.get(number),
    extensionNumbers(message) {
      const numbers = extensions.get(message)?.keys() ?? [];
      return messages.has(message) ? [...numbers].sort((a, b) => a - b) : undefined;
    },
    encodedWithImports: (file) => [...withImports(file, new Set())].map(encode),
  };
}

function withImports(file: DescFile, found: Set<DescFile>): Set<DescFile> {
  if (!found.has(file)) {
    found.add(file);
    for (const dependency of file.dependencies) {
      withImports(dependency, found);
    }
  }
  return found;
}
