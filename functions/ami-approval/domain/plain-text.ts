/** Invisible characters, among them those that reverse the direction of text: names and reasons could hide something. */
const FORMAT_CHARACTERS = /\p{Cf}/gu;

/** Removes invisible format characters from text that people read. */
export function stripFormatCharacters(text: string): string {
  return text.replace(FORMAT_CHARACTERS, '');
}

/** Removes line breaks, control and format characters, because mails and a workflow step quote the text. */
export function toSingleLine(text: string, maxLength: number): string {
  return stripFormatCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, maxLength);
}
