import type { Mapping } from '../json.ts';

/** Encodes a mapping as XML elements. Lists become `<member>` elements, or `<item>` elements for EC2; a Map becomes entries. */
export function encodeXml(value: unknown, item: 'member' | 'item' = 'member'): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((one) => `<${item}>${encodeXml(one, item)}</${item}>`).join('');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map)
    return [...value].map(([key, one]) => encodeXml({ entry: { key, value: one } }, item)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => `<${name}>${encodeXml(member, item)}</${name}>`)
      .join('');
  }
  return String(value).replaceAll(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Decodes elements to members. Repeated elements and elements that contain only `member` or `item` become lists. */
export function decodeXml(xml: string): Mapping {
  const root: Element = { children: [], text: '' };
  const open: Element[] = [root];
  for (const [, closing, name, emptied, text] of xml.matchAll(
    /<(\/?)([\w:.-]+)(?:\s[^>]*?)?(\/?)>|([^<]+)|<[?!][^>]*>/g,
  )) {
    const parent = open.at(-1) ?? root;
    if (text !== undefined) parent.text += text;
    if (name === undefined) continue;
    if (closing) {
      open.pop();
      continue;
    }
    const element: Element = { name, children: [], text: '' };
    parent.children.push(element);
    if (!emptied) open.push(element);
  }
  return membersOf(root.children);
}

interface Element {
  readonly name?: string;
  readonly children: Element[];
  text: string;
}

function valueOf({ children, text }: Element): unknown {
  if (children.length === 0) return unescapeText(text);
  const isList = children.every(({ name }) => name === 'member' || name === 'item');
  return isList ? children.map(valueOf) : membersOf(children);
}

function membersOf(children: readonly Element[]): Mapping {
  const members: Record<string, unknown> = {};
  for (const child of children) {
    const { name } = child;
    if (name === undefined) continue;
    const known = members[name];
    const value = valueOf(child);
    if (known === undefined) members[name] = value;
    else members[name] = Array.isArray(known) ? [...known, value] : [known, value];
  }
  return members;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return entities[name] ?? whole;
  });
}
