import { relative, resolve } from 'node:path';
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isInterfaceDeclaration,
  isPrivateIdentifier,
  isTypeAliasDeclaration,
  isTypeReferenceNode,
  type Node,
} from 'typescript/unstable/ast';
import { API, type Checker, type Project, SymbolFlags, type Symbol as TypeSymbol } from 'typescript/unstable/sync';
import type { Declared, Door, Member, Message } from './door.ts';
import { plainComment } from './plain-comment.ts';
import { signatureText, type TypeReader } from './signature-text.ts';

const NEVER_NAMED = SymbolFlags.TypeParameter | SymbolFlags.TypeLiteral | SymbolFlags.ObjectLiteral;
const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** Reads what a source file exports, with the comments, by the compiler that checks it. */
export function readDoor(file: string): Door {
  const api = new API({ cwd: REPOSITORY });
  try {
    const config = resolve(REPOSITORY, 'tsconfig.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new RangeError(`no project ${config}`);
    return doorOf(project, resolve(REPOSITORY, file));
  } finally {
    api.close();
  }
}

function doorOf({ program, checker }: Project, file: string): Door {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new RangeError(`no module ${file}`);
  const target = (symbol: TypeSymbol): TypeSymbol =>
    symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const doors = checker.getExportsOfModule(module).map((symbol) => ({ name: symbol.name, symbol: target(symbol) }));
  const known = new Map(doors.map(({ name, symbol }) => [symbol.id, name]));
  const named: Declared[] = [];
  const messages: Message[] = [];
  const waiting: TypeSymbol[] = [];
  const note = (symbol: TypeSymbol): string | undefined => {
    const { id, name, flags, declarations } = target(symbol);
    const exported = known.get(id);
    // What has no name of its own is told where it stands.
    if (exported !== undefined || flags & NEVER_NAMED) return exported;
    const place = fileOf(declarations[0]?.resolve());
    if (place?.startsWith('libs/')) waiting.push(target(symbol));
    else if (place?.startsWith('gen/')) messages.push({ name, file: protoOf(place) });
    else return undefined;
    known.set(id, name);
    return name;
  };
  const { declaredOf } = createReader(checker, note);
  const exports = doors.map(({ name, symbol }) => declaredOf(name, symbol));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    named.push(declaredOf(next.name, next));
  }
  return { exports, named, messages };
}

/** Reads declarations, and tells of the types that they name. */
function createReader(checker: Checker, note: (symbol: TypeSymbol) => string | undefined) {
  const types: TypeReader = {
    nameOf(node) {
      const symbol = checker.getSymbolAtLocation(node);
      return (symbol && note(symbol)) ?? node.getText();
    },
    resolve(node) {
      const type = checker.getTypeFromTypeNode(node);
      if (type === undefined) return node.getText();
      for (const part of [type, ...((type.isUnionType() && type.getTypes()) || [])]) {
        const symbol = part.getAliasSymbol() ?? part.getSymbol();
        if (symbol !== undefined) note(symbol);
      }
      return checker.typeToString(type, node).replace(/ \| undefined$/, '');
    },
  };

  function declaredOf(name: string, symbol: TypeSymbol): Declared {
    const nodes = seenByCallers(declarationsOf(symbol)).map(behindAlias);
    return {
      name,
      file: fileOf(nodes[0]) ?? '',
      signatures: nodes.map((node) => signatureText(node, name, types)),
      comment: commentOf(declarationsOf(symbol)).comment,
      members: nodes.flatMap((node) => membersOf(node, name)),
    };
  }

  function membersOf(node: Node, name: string): Member[] {
    if (!isClassDeclaration(node) && !isInterfaceDeclaration(node)) return [];
    const nodes: readonly Node[] = node.members;
    return [...Map.groupBy(nodes, memberName)].flatMap(([member, overloads]) => {
      const { comment, isInternal } = commentOf(overloads);
      if (member === undefined || isInternal) return [];
      return [{ signatures: seenByCallers(overloads).map((one) => signatureText(one, name, types)), comment }];
    });
  }

  /** What is only another name for an interface is that interface. */
  function behindAlias(node: Node): Node {
    if (!isTypeAliasDeclaration(node) || !isTypeReferenceNode(node.type)) return node;
    const symbol = checker.getTypeAtLocation(node.type)?.getSymbol();
    return (symbol && declarationsOf(symbol).find(isInterfaceDeclaration)) ?? node;
  }

  return { declaredOf };
}

/** Overloads have one name; what is private has none. */
function memberName(member: Node): string | undefined {
  if (isConstructorDeclaration(member)) return 'new';
  const { name } = member as { readonly name?: Node };
  return name === undefined || isPrivateIdentifier(name) ? undefined : name.getText();
}

/** Where there are overloads, the one with the body is for nobody. */
function seenByCallers(nodes: readonly Node[]): readonly Node[] {
  const bare = nodes.filter((node) => (node as { readonly body?: Node }).body === undefined);
  return bare.length > 0 ? bare : nodes;
}

function declarationsOf({ declarations }: TypeSymbol): readonly Node[] {
  return declarations.map((handle) => handle.resolve()).filter((node) => node !== undefined);
}

/** From the root of the repository. */
function fileOf(node: Node | undefined): string | undefined {
  return node && relative(REPOSITORY, node.getSourceFile().fileName);
}

function protoOf(generated: string): string {
  return generated.replace(/^gen\//, 'proto/').replace(/_pb\.ts$/, '.proto');
}

function commentOf(overloads: readonly Node[]): { readonly comment: string; readonly isInternal: boolean } {
  const text =
    overloads
      .find(({ jsDoc }) => jsDoc !== undefined)
      ?.jsDoc?.at(-1)
      ?.getText() ?? '';
  return { comment: plainComment(text), isInternal: text.includes('@internal') };
}
