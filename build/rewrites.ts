const COMPUTED_KEY = /(?<=[{,]\s*)\[(\w+)\]:/;

/** Replaces computed keys that are string constants of the same file by those strings. */
export function writeOutKeys(source: string): string {
  const constants = readConstants(source);
  return source.replaceAll(new RegExp(COMPUTED_KEY, 'g'), (key, name) => {
    const text = constants.get(name);
    return text === undefined ? key : `"${text}":`;
  });
}

/** Says the two names of a member of EC2's, which client-ec2 says a thousand times, with a function of two letters. */
function shortenNames(source: string): string {
  const short = source.replaceAll(
    /\{\s*"ec2QueryName": ([^\s{},]+),\s*"xmlName": ([^\s{},]+)\s*\}/g,
    '/* @__PURE__ */ namesOf($1, $2)',
  );
  return short === source
    ? source
    : `${short}\nfunction namesOf(ec2QueryName, xmlName) { return { ec2QueryName, xmlName }; }\n`;
}

// An error's schema and its registration, exactly as a client's generator writes them. One written otherwise stays.
const REGISTERED =
  /(export var (\w+)\$ = \[-3,([^;]*?\[([\w, ]*)\],\s*\[[^;]*\](?:, \d+)?)\s*\];\n)n\d+_registry\.registerError\(\2\$, (\w+)\);\n/g;

/** What a client knows of an error: its shape, its class, its code on the wire and the members it reads. */
export interface ModelledError {
  readonly names: readonly string[];
  readonly code: string;
  readonly members: readonly string[];
}

/**
 * A client's schemas without what keeps unused ones in a bundle. Undefined if they have another form than its generator
 * writes: then a part of them would be missing, or all of them would stay.
 */
export function slimSchemas(source: string, isKept: (error: ModelledError) => boolean): string | undefined {
  const written = writeOutKeys(source);
  const registered = source.match(/\bregisterError\(/g)?.length ?? 0;
  // The service's base exception is registered in its own way, and stays.
  const known =
    (source.match(REGISTERED)?.length ?? 0) + (source.match(/^_s_registry\.registerError\(/gm)?.length ?? 0);
  if (COMPUTED_KEY.test(written) || registered !== known) return undefined;
  return shortenNames(keepErrors(written, isKept));
}

/**
 * Leaves the other errors unregistered, so that their schemas and classes fall away. One whose code is another's name
 * never arrives as itself, and without the other it would be taken for it.
 */
export function keepErrors(source: string, isKept: (error: ModelledError) => boolean): string {
  const constants = readConstants(source);
  const classes = new Set([...source.matchAll(REGISTERED)].map((match) => match.at(-1)));
  return source.replaceAll(REGISTERED, (written, ...groups) => {
    const [schema, shape, traits, members, errorClass] = groups;
    const code = /"awsQueryError":\s*\[\s*[`"]([^`"]+)/.exec(traits)?.[1] ?? shape;
    const keys: readonly string[] = members.match(/\w+/g) ?? [];
    const error = { names: [shape, errorClass], code, members: keys.map((key) => constants.get(key) ?? key) };
    const isAnothers = code !== errorClass && classes.has(code);
    return !isAnothers && isKept(error) ? written : schema;
  });
}

/** The error classes that tell the SDK's retry to try again. */
export function findRetryable(source: string): readonly string[] {
  return source
    .split(/^(?=export class )/m)
    .flatMap((one) => (/^\s+\$retryable =/m.test(one) ? (/^export class (\w+)/.exec(one)?.[1] ?? []) : []));
}

// An error class, exactly as a client's generator writes it. One written otherwise stays.
const ERROR_CLASS =
  /^export class (\w+) extends (\w+) \{\s+(?:static shapeId = ("[^"]+");\s+)?name = "\1";\s+\$fault = ("\w+");\s+((?:\w+;\s+)*)constructor\(opts\) \{\s+super\(\{\s+name: "\1",\s+\$fault: \4,\s+\.\.\.opts,?\s+\}\);\s+Object\.setPrototypeOf\(this, \1\.prototype\);\s+((?:this\.(\w+) = opts\.\7;\s+)*)\}\s+\}$/gm;

/**
 * Makes a client's error classes with one function: they differ in names, members and whose fault they are. Undefined if
 * one has another form.
 */
export function shortenErrors(source: string): string | undefined {
  const short = source.replaceAll(ERROR_CLASS, (written, ...groups) => {
    const [name, base, shapeId, fault, declared, assigned] = groups;
    const members: readonly string[] = declared.match(/\w+/g) ?? [];
    if (members.some((member) => !assigned.includes(`this.${member} =`))) return written;
    const rest = members.map((member) => `, "${member}"`).join('');
    return `export const ${name} = /* @__PURE__ */ errorClass(${base}, ${shapeId ?? 'undefined'}, "${name}", ${fault}${rest});`;
  });
  // One with a time to wait before the next attempt is written out.
  const rest = short.split(/^(?=export )/m).filter((one) => /^export class /.test(one));
  const isKnown = short !== source && rest.every((one) => /^\s+\$retryable = /m.test(one));
  return isKnown ? `import { errorClass } from 'error-classes';\n${short}` : undefined;
}

/** Leaves these methods of a class out: who calls one of them anyway is told so. Undefined if one is not there. */
export function dropMethods(source: string, names: readonly string[]): string | undefined {
  const method = new RegExp(
    `^( {4})((?:static |async )*(?:${names.join('|')}))\\(.*\\) \\{\\n[\\s\\S]*?^\\1\\}$`,
    'gm',
  );
  const found = new Set([...source.matchAll(method)].map((match) => match[2]?.split(' ').at(-1)));
  if (names.some((name) => !found.has(name))) return undefined;
  return `${source.replaceAll(method, '$1$2() { leftOut(); }')}
function leftOut() { throw new Error('This method is left out of the bundles: see build/slim.ts.'); }
`;
}

/** Keeps of the older of two parsers of times what writes them, and names the newer one's functions as its own. */
export function shareDateParser(source: string): string | undefined {
  const [writer] = /^const DAYS = [\s\S]*?^}$/m.exec(source) ?? [];
  return writer === undefined
    ? undefined
    : `${writer}
export {
  _parseEpochTimestamp as parseEpochTimestamp,
  _parseRfc3339DateTimeWithOffset as parseRfc3339DateTime,
  _parseRfc3339DateTimeWithOffset as parseRfc3339DateTimeWithOffset,
  _parseRfc7231DateTime as parseRfc7231DateTime,
} from './schema-serde-lib/schema-date-utils';
`;
}

const READ_BEGINS = '_read(schema, value) {\n        const ns = NormalizedSchema.of(schema);\n';

/** Asks for the schema of a list of items once, not for each of their values, which all have the same. */
export function readItemsAtOnce(source: string): string | undefined {
  const isKnown = source.split(READ_BEGINS).length === 2 && source.includes('readAttributeValue(av) {');
  if (!isKnown) return undefined;
  return `${source.replace(
    READ_BEGINS,
    `${READ_BEGINS}        if (Array.isArray(value) && ns.isListSchema() && isItem(ns.getValueSchema())) {
            for (const item of value) for (const name in item) if (item[name]) this.readAttributeValue(item[name]);
            return value;
        }
`,
  )}
function isItem(ns) {
    if (!ns.isMapSchema()) return false;
    const value = ns.getValueSchema();
    return value.isStructSchema() && value.getName(true) === ATTRIBUTE_VALUE;
}
`;
}

/** Keeps of a package.json what the clients ask of it. */
export function keepVersion(source: string): string | undefined {
  const { version } = JSON.parse(source);
  return typeof version === 'string' ? JSON.stringify({ version }) : undefined;
}

function readConstants(source: string): ReadonlyMap<string, string> {
  const found = source.matchAll(/^const (\w+) = "([^"\\]*)";$/gm);
  return new Map([...found].map(([, name = '', text = '']) => [name, text]));
}
