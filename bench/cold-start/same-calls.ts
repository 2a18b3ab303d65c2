/** How boto3 makes each call that ReconcileDiskAlarms makes for its first event. */
const STATEMENTS: Readonly<Record<string, string>> = {
  DescribeInstances: 'ec2.describe_instances(MaxResults=1000)',
  ListMetrics:
    'cloudwatch.list_metrics(Namespace="CWAgent", MetricName="disk_used_percent", RecentlyActive="PT3H")',
  DescribeAlarms: 'cloudwatch.describe_alarms(AlarmNamePrefix="groundcrew-disk-", MaxRecords=100)',
  GetMetricData:
    'cloudwatch.get_metric_data(StartTime=0, EndTime=3600, MetricDataQueries=[{"Id": "q0", "MetricStat": {' +
    '"Metric": {"Namespace": "CWAgent", "MetricName": "disk_total"}, "Period": 300, "Stat": "Maximum"}}])',
};

/** A script that makes the same number of each call, with only the clients that it needs. */
export function writePythonScript(calls: ReadonlyMap<string, number>): string {
  const statements = [...calls].flatMap(([action, count]) => {
    const statement = STATEMENTS[action];
    if (statement === undefined)
      throw new Error(`There is no statement for ${action} in Python. Add it here.`);
    return Array<string>(count).fill(statement);
  });
  const clients = [...new Set(statements.map((one) => one.slice(0, one.indexOf('.'))))];
  return ['import boto3', ...clients.map((name) => `${name} = boto3.client("${name}")`), ...statements].join(
    '\n',
  );
}
