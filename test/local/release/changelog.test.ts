import { describe, expect, it } from 'vitest';
import { changelogSection, versionOf } from '../../../local/release/changelog.ts';

const changelog = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-02-01

### Added

- A second thing.

## [1.0.0] - 2026-01-01

- The first thing.

## [0.9.0] - 2025-12-01

## [0.8.0] - unreleased

- Something.
`;

describe("a version's section of the changelog", () => {
  it('has its text without the heading', () => {
    expect(changelogSection(changelog, '1.1.0')).toBe('### Added\n\n- A second thing.\n');
    expect(changelogSection(changelog, '1.0.0')).toBe('- The first thing.\n');
  });

  it.each([
    ['1.2.0', 'CHANGELOG.md has no section [1.2.0]: add one.'],
    ['0.9.0', 'CHANGELOG.md says nothing about [0.9.0].'],
    ['0.8.0', "CHANGELOG.md has '## [0.8.0] - unreleased': give it the date of the release."],
  ])('of %s is refused', (version, message) => {
    expect(() => changelogSection(changelog, version)).toThrow(message);
  });
});

describe('the version of a tag', () => {
  it.each(['1.2.0', '1.2.0-rc.1'])('is %s without its v', (version) => {
    expect(versionOf(`v${version}`, version)).toBe(version);
  });

  it.each([
    ['1.2.0', 'expected v and a version'],
    ['v1.2', 'expected v and a version'],
    ['v1.3.0', 'but package.json has the version 1.2.0'],
  ])('%s is refused', (tag, message) => {
    expect(() => versionOf(tag, '1.2.0')).toThrow(message);
  });
});
