import {
  isClassDeclaration,
  isConstructorDeclaration,
  isExpressionWithTypeArguments,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isIdentifier,
  isIndexedAccessTypeNode,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isParameterDeclaration,
  isTypeReferenceNode,
  type Node,
  type ParameterDeclaration,
  type TypeNode,
} from 'typescript/unstable/ast';

/** Knows the types that signatures name. */
export interface TypeReader {
  /** Hears of every type that a caller sees by its name, and may know it by another one. */
  nameOf(name: Node): string;
  /** Says what a type is that the source only points at, such as `Options['retry']`. */
  resolve(type: TypeNode): string;
}

/** Modifiers that tell a caller nothing. */
const MODIFIERS = /^(?:(?:export|default|declare|public|async|override|readonly) )+/;

/** A declaration as a caller sees it, on one line: without its body, its comments and the names of what it takes apart. */
export function signatureText(node: Node, name: string, types: TypeReader): string {
  const text = sourceText(node, endOf(node), types).replace(MODIFIERS, '').replace(/[;,]$/, '').trim();
  if (isConstructorDeclaration(node)) return text.replace(/^constructor/, `new ${name}`);
  if (isGetAccessorDeclaration(node)) return text.replace(/^get (.+?)\(\)/, '$1');
  if (isFunctionDeclaration(node) || isClassDeclaration(node) || isInterfaceDeclaration(node)) {
    return text.replace(/^((?:abstract )?\w+) \w+/, `$1 ${name}`);
  }
  return text;
}

/** Where the part ends that callers see. */
function endOf(node: Node): number {
  if (isClassDeclaration(node) || isInterfaceDeclaration(node)) return headEnd(node.members.pos);
  if (isFunctionDeclaration(node) || isMethodDeclaration(node)) return node.body?.getFullStart() ?? node.end;
  if (isConstructorDeclaration(node) || isGetAccessorDeclaration(node)) return node.body?.getFullStart() ?? node.end;
  return node.end;
}

/** Members begin behind the brace. */
function headEnd(membersStart: number): number {
  return membersStart - 1;
}

/** The source of a node with what is for its author only taken out or said in other words. */
function sourceText(node: Node, end: number, types: TypeReader): string {
  const source = node.getSourceFile().text;
  const replaced: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const look = (child: Node): undefined => {
    if (child.getStart() >= end) return;
    if (isParameterDeclaration(child)) {
      replaced.push({ start: child.getStart(), end: child.end, text: parameterText(child, types) });
    } else if (isIndexedAccessTypeNode(child)) {
      replaced.push({ start: child.getStart(), end: child.end, text: types.resolve(child) });
    } else {
      const name = typeNameIn(child);
      if (name !== undefined) replaced.push({ start: name.getStart(), end: name.end, text: types.nameOf(name) });
      child.forEachChild(look);
    }
  };
  look(node);
  let text = '';
  let at = node.getStart();
  for (const part of replaced) {
    text += source.slice(at, part.start) + part.text;
    at = part.end;
  }
  return oneLine(text + source.slice(at, end));
}

function typeNameIn(node: Node): Node | undefined {
  if (isTypeReferenceNode(node)) return node.typeName;
  return isExpressionWithTypeArguments(node) ? node.expression : undefined;
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([=(:]) \| /g, '$1 ')
    .replaceAll('( ', '(')
    .replaceAll(/,? \)/g, ')')
    .replaceAll(/,(?= [>\]])/g, '')
    .trim();
}

function parameterText(parameter: ParameterDeclaration, types: TypeReader): string {
  const { dotDotDotToken, name, questionToken, type, initializer } = parameter;
  const rest = dotDotDotToken === undefined ? '' : '...';
  const optional = questionToken === undefined && initializer === undefined ? '' : '?';
  const typeText = type === undefined ? 'unknown' : sourceText(type, type.end, types);
  return `${rest}${isIdentifier(name) ? name.text : nameFor(type)}${optional}: ${literalType(initializer) ?? typeText}`;

  function literalType(value: Node | undefined): string | undefined {
    if (type !== undefined || value === undefined) return undefined;
    const text = value.getText();
    return /^['"`]/.test(text) ? 'string' : /^\d/.test(text) ? 'number' : undefined;
  }
}

/** What is taken apart has no name of its own: it gets that of its type. */
function nameFor(type: TypeNode | undefined): string {
  if (type === undefined || !isTypeReferenceNode(type)) return 'value';
  const name = type.typeName.getText();
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
