import * as z from 'zod/mini';

// Names that become paths. None can be empty or begin with a dot; only FOLDER can contain a slash.

/** Fits CODEBUILD_BUILD_ID with its colon replaced. */
export const BUILD_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
export const ENVIRONMENT = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** A folder below the mount, such as `live/web`. */
export const FOLDER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,7}$/;

export const buildId = z.string().check(z.regex(BUILD_ID));
export const environment = z.string().check(z.regex(ENVIRONMENT));
export const folder = z.string().check(z.regex(FOLDER));
export const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** Files in a build's folder that are not part of the build. */
export const MANIFEST = 'MANIFEST.sha256';
/** Folders and executable files of a build. */
export const MODES = 'MANIFEST.modes';
export const STAMP = 'BUILD.json';
