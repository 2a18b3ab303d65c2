export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A part of a module that a text takes the place of. */
export interface Edit extends Span {
  readonly text: string;
}

/** Applies edits that do not overlap; words never run into each other. */
export function applyEdits(code: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    const before = isWord(code[start - 1]) && isWord(text[0]) ? ' ' : '';
    const after = isWord(text.at(-1)) && isWord(code[end]) ? ' ' : '';
    parts.push(code.slice(at, start), before, text, after);
    at = end;
  }
  return [...parts, code.slice(at)].join('');
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\w$]/.test(character);
}
