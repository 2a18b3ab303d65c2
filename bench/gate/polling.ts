// What people write first, and the form of AWS's sample (https://github.com/aws-samples/build-health-aware-cicd-pipelines,
// commit 13bb4df): a function for each job, which asks AWS Health and answers CodePipeline. The sample fails at once; this
// one waits with continuation tokens.

/** CodePipeline starts a job with a continuation token about every 30 seconds. */
const CHECK_SECONDS = 30;

/** Its calls by service while all pipelines wait. */
export function countPolling(pipelines: number, minutes: number): ReadonlyMap<string, number> {
  const checks = pipelines * Math.floor((minutes * 60) / CHECK_SECONDS);
  return new Map([
    ['health', checks],
    ['codepipeline', checks],
  ]);
}
