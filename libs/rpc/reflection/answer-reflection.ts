import type { DescFile } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { DescriptorIndex } from './descriptor-index.ts';

/** What may be asked, in the words of both versions. */
export type ReflectionQuestion =
  | { readonly case: 'fileByFilename'; readonly value: string }
  | { readonly case: 'fileContainingSymbol'; readonly value: string }
  | {
      readonly case: 'fileContainingExtension';
      readonly value: { readonly containingType: string; readonly extensionNumber: number };
    }
  | { readonly case: 'allExtensionNumbersOfType'; readonly value: string }
  | { readonly case: 'listServices'; readonly value: string }
  | { readonly case: undefined; readonly value?: undefined };

/** What is answered, in the words of both versions. */
export type ReflectionAnswer =
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'allExtensionNumbersResponse'; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

/** Answers a question about the served descriptors. What is not found is an answer too, not the end of the stream. */
export function answerReflection(index: DescriptorIndex, question: ReflectionQuestion): ReflectionAnswer {
  switch (question.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: index.services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return fileAnswer(index, index.fileByName(question.value), 'no file of that name is served');
    case 'fileContainingSymbol':
      return fileAnswer(index, index.fileBySymbol(question.value), 'no served file declares that symbol');
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = question.value;
      const file = index.fileByExtension(containingType, extensionNumber);
      return fileAnswer(index, file, 'no served file declares that extension');
    }
    case 'allExtensionNumbersOfType': {
      const numbers = index.extensionNumbers(question.value);
      if (numbers === undefined) {
        return errorAnswer(Code.NotFound, 'no message of that name is served');
      }
      const value = { baseTypeName: question.value, extensionNumber: [...numbers] };
      return { case: 'allExtensionNumbersResponse', value };
    }
    case undefined:
      return errorAnswer(Code.InvalidArgument, 'message_request is not set, or not known here');
  }
}

function fileAnswer(index: DescriptorIndex, file: DescFile | undefined, otherwise: string): ReflectionAnswer {
  return file === undefined
    ? errorAnswer(Code.NotFound, otherwise)
    : { case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...index.encodedWithImports(file)] } };
}

function errorAnswer(errorCode: Code, errorMessage: string): ReflectionAnswer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
