/** A release cannot be made; the message says what to do. */
export class ReleaseError extends Error {}

/** The version of a tag such as `v1.2.0`. Throws if package.json has another one. */
export function versionOf(tag: string, packageVersion: string): string {
  const [, version] = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag) ?? [];
  if (version === undefined)
    throw new ReleaseError(`The tag is ${tag}: expected v and a version, as in v1.2.0.`);
  if (version === packageVersion) return version;
  throw new ReleaseError(
    `The tag is ${tag}, but package.json has the version ${packageVersion}: change one of them.`,
  );
}

/** What the changelog says of a version, without the heading. Throws if the section is missing, undated or empty. */
export function changelogSection(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  if (section === undefined) throw new ReleaseError(`CHANGELOG.md has no section [${version}]: add one.`);
  const [heading = '', ...lines] = section.split('\n');
  if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading)) {
    throw new ReleaseError(`CHANGELOG.md has '## ${heading}': give it the date of the release.`);
  }
  const text = lines.join('\n').trim();
  if (text === '') throw new ReleaseError(`CHANGELOG.md says nothing about [${version}].`);
  return `${text}\n`;
}
