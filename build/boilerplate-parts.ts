/** A module of generated code, taken apart into what other clients have too and what only this one has. */
export interface Parts {
  /** A module of the common text. It exports `make`, a function of what differs. */
  readonly common: string;
  /** The packages that the common text imports. */
  readonly packages: readonly string[];
  /** Writes what only this module has, with a call of `make` from the module of this name. */
  readonly writeOwn: (common: string) => string;
}

interface Import {
  readonly line: string;
  readonly from: string;
  /** As written (`a`, `a as b`, or the name of a default import) and as the module calls it. */
  readonly names: readonly { readonly written: string; readonly local: string }[];
}

const IMPORT = /^import (?:(\w+)|\{([^}]*)\}) from "([^"]+)";\n/gm;
const REEXPORT = /^export \{ (__\w+) \};\n/m;
const EXPORT = /^export (?:const|class) (\w+)/gm;

// The texts and numbers in which clients differ, and the names that contain the name of the service or its protocol.
const VALUE =
  /(?<=\b(?:apiVersion|defaultNamespace|xmlNamespace|version|serviceTarget|defaultSigningName): |\bsigningProperties: \{\s*name: |\bserviceId \?\? |\(config\?\.requestHandler, )("[^"\\]*"|\d[\d_]*)/g;
const SERVICE_NAME = /^(_?default\w+HttpAuthScheme\w+|\w+Protocol\d?|[A-Z]\w*Client)$/;

/** Undefined for a module in another form than the generator's. */
export function readParts(source: string): Parts | undefined {
  const imports = [...source.matchAll(IMPORT)].map(readImport);
  const reexport = REEXPORT.exec(source) ?? [''];
  const body = source.replaceAll(IMPORT, '').replace(REEXPORT, '');
  const exported = [...body.matchAll(EXPORT)].map(([, name = '']) => name);
  const given = imports.flatMap(({ names, from }) => names.filter(({ local }) => isOwn(local, from)));
  const locals = given.map(({ local }) => local);
  const aliases = new Map([...locals, ...exported].map((name, index) => [name, aliasOf(name, index)]));
  const text = body.replaceAll(/^export /gm, '');
  if (exported.length === 0 || !isPlain(text, [...aliases.keys()])) return undefined;
  const values: string[] = [];
  const renamed = text
    .replaceAll(/\w+/g, (word) => aliases.get(word) ?? word)
    .replaceAll(VALUE, (value) => `value${values.push(value) - 1}`);
  return {
    ...writeCommon(imports, renamed, {
      parameters: [
        ...locals.map((name) => aliases.get(name) ?? name),
        ...values.map((_, index) => `value${index}`),
      ],
      results: exported.map((name) => aliases.get(name) ?? name),
    }),
    writeOwn: (common) =>
      [
        ...imports
          .filter(({ names, from }) => names.some(({ local }) => isOwn(local, from) || local === reexport[1]))
          .map(({ line }) => line),
        reexport[0],
        `import { make } from "${common}";`,
        `export const ${listOf(exported)} = /* @__PURE__ */ make(${[...locals, ...values].join(', ')});`,
      ].join('\n'),
  };
}

function readImport([line, whole, some = '', from = '']: RegExpExecArray): Import {
  const written = whole ? [whole] : some.split(',').flatMap((one) => one.trim() || []);
  return {
    line,
    from,
    names: written.map((one) => ({ written: one, local: one.split(' as ').at(-1) ?? one })),
  };
}

/** Whether clients have different modules or names for it. */
function isOwn(local: string, from: string): boolean {
  return from.startsWith('.') || /Protocol\d?$/.test(local);
}

function aliasOf(name: string, index: number): string {
  return SERVICE_NAME.test(name) ? `alias${index}` : name;
}

/** Whether a word is a name wherever it stands: not in a text, and no property is called by it. */
function isPlain(text: string, names: readonly string[]): boolean {
  if (/^\s*(import|export)\b|\bimport\(|\bthis\.constructor\b/m.test(text)) return false;
  const texts: readonly string[] =
    [...text.matchAll(/"[^"\n]*"|'[^'\n]*'|`[^`]*`/g)].join('\n').match(/\w+/g) ?? [];
  return names
    .filter((name) => SERVICE_NAME.test(name))
    .every((name) => {
      const isProperty = new RegExp(`\\.${name}\\b|\\b${name}\\s*:|[{,]\\s*${name}\\s*[,}]`).test(text);
      return !isProperty && !texts.includes(name);
    });
}

interface Signature {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
}

function writeCommon(
  imports: readonly Import[],
  text: string,
  { parameters, results }: Signature,
): Omit<Parts, 'writeOwn'> {
  const shared = imports.flatMap(({ names, from }) => {
    const written = names.filter(({ local }) => !isOwn(local, from)).map((one) => one.written);
    return written.length > 0 ? [{ from, written }] : [];
  });
  const lines = [
    ...shared.map(({ from, written }) => `import { ${written.join(', ')} } from "${from}";`),
    `export const make = (${parameters.join(', ')}) => {`,
    `${text}return ${listOf(results)};`,
    '};',
  ];
  return { common: lines.join('\n'), packages: shared.map(({ from }) => from) };
}

function listOf(names: readonly string[]): string {
  return names.length === 1 ? String(names[0]) : `[${names.join(', ')}]`;
}
