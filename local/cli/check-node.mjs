// Runs on any Node since 18: it has to speak before the first file that an older Node cannot read.
const major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  console.error(
    `Groundcrew needs Node 24 and this is Node ${process.versions.node}.\n` +
      'On Linux (x64, arm64), Windows (x64) and macOS (arm64) `npm ci` brings Node 24 into node_modules/.bin, where npm\n' +
      'looks first: run `npm ci` without --omit=optional, then this command again through npm.\n' +
      'On another platform install Node 24 yourself and put it on the PATH.',
  );
  process.exit(1);
}
