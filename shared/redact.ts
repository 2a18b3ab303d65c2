const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '[key id]'],
  [/\b(Credential|Signature)=[^\s,&"']+/g, '$1=[redacted]'],
  [/\b(X-Amz-(?:Security-Token|Credential|Signature))(["']?\s*[:=]\s*["']?)[^\s,&"']+/gi, '$1$2[redacted]'],
  [
    /\b((?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)|password|set-cookie|cookie)(["']?\s*[:=]\s*["']?)[^\s,&"'}]+/gi,
    '$1$2[redacted]',
  ],
  [/\b(authorization)(["']?\s*[:=]\s*["']?)[^"'\n]+/gi, '$1$2[redacted]'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer [redacted]'],
];

// Secret access keys are 40 such characters and session tokens hundreds. Hashes have no upper and lower case
// together, resources in ARNs follow a colon and paths are full of slashes: all of these stay readable.
const secretRun = /(?<![A-Za-z0-9+/=:])(?:[A-Za-z0-9+/]{40}|[A-Za-z0-9+/]{100,}={0,2})(?![A-Za-z0-9+/=])/g;

const secretKeys =
  /^(artifactCredentials|credentials|accessKeyId|secretAccessKey|sessionToken|password|authorization|cookies?|set-cookie|x-amz-security-token)$/i;

/** Text beyond this is not read, so that a hostile megabyte cannot make a log line slow. */
const longestRead = 8192;

let withheld: readonly string[] = [];

/** From now on `redact` removes these exact texts. Forgets the texts registered before. */
export function registerSecrets(secrets: readonly string[]): void {
  withheld = secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, encodeURIComponent(secret)]);
}

/** Whether a member of this name holds a secret, whatever its value. */
export function isSecretName(name: string): boolean {
  return secretKeys.test(name);
}

/** Removes what looks like credentials or tokens and returns at most `max` characters. */
export function redact(text: string, max = longestRead): string {
  // Before cutting: the beginning of a secret would no longer be recognised.
  let clean = withheld.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
  if (clean.length > longestRead) clean = `${clean.slice(0, longestRead)}…`;
  for (const [shape, instead] of secretShapes) clean = clean.replace(shape, instead);
  clean = clean.replace(secretRun, (run) => (isRandomText(run) ? '[redacted]' : run));
  return truncate(clean, max);
}

export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  // Never half of a surrogate pair: services refuse a lone one as invalid UTF-8.
  return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A value as an error message may show it: short, redacted, and never the content of an object or array. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return truncate(JSON.stringify(redact(value, 81)), 83);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return truncate(String(value), 80);
}

function isRandomText(run: string): boolean {
  const slashes = run.split('/').length - 1;
  return /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run) && slashes <= 3 + run.length / 40;
}
