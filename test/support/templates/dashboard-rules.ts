import { asList, type Json, type Template } from '../template.ts';

/** What the rules about metrics and dashboards compare with each other. */
interface Observed {
  readonly template: Template;
  readonly bundles: Readonly<Record<string, string>>;
  /** The metrics that each function writes. */
  readonly written: Readonly<Record<string, readonly string[]>>;
}

/** A metric as an alarm or a widget names it. What only a deployment knows stands in braces: `{Queue.QueueName}`. */
interface NamedMetric {
  readonly where: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What AWS publishes about a resource, as far as alarms and dashboards use it. */
const PUBLISHED: Readonly<Record<string, { dimension: string; of: string; names: readonly string[] }>> = {
  // docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda': {
    dimension: 'FunctionName',
    of: 'AWS::Serverless::Function',
    names: ['AsyncEventAge', 'AsyncEventsDropped', 'Duration', 'Errors', 'Invocations', 'Throttles'],
  },
  // docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS': {
    dimension: 'QueueName',
    of: 'AWS::SQS::Queue',
    names: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
  },
  // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
  'AWS/ApiGateway': { dimension: 'ApiId', of: 'AWS::Serverless::HttpApi', names: ['5xx', 'Latency'] },
};

export function checkMetricNames(wing: Observed): string[] {
  const { template, written } = wing;
  const metrics = [...alarmMetrics(template), ...widgetMetrics(template)];
  return metrics.flatMap(({ where, namespace, name, dimensions }) => {
    const about = `${where} names ${namespace} ${name} ${JSON.stringify(dimensions)}`;
    if (namespace === 'Groundcrew') {
      const { service = '', ...rest } = dimensions;
      const isOurs = `${Object.entries(rest)}` === 'stack,{AWS::StackName}';
      return isOurs && written[service]?.includes(name) ? [] : [`${about}, which no function writes`];
    }
    const known = PUBLISHED[namespace];
    const [[dimension = '', value = ''] = [], ...others] = Object.entries(dimensions);
    const resource = template.Resources[/^\{(\w+)/.exec(value)?.[1] ?? ''];
    const isPublished =
      known?.names.includes(name) && dimension === known.dimension && resource?.Type === known.of;
    return isPublished && others.length === 0 ? [] : [`${about}, which AWS does not publish`];
  });
}

function alarmMetrics({ Resources }: Template): NamedMetric[] {
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .flatMap(([where, { Properties }]) =>
      [Properties, ...asList(Properties.Metrics).map((one) => one['Fn::If']?.[1] ?? one)]
        .map((one) => one.MetricStat?.Metric ?? one)
        .filter(({ MetricName }) => MetricName)
        .map(({ Namespace, MetricName, Dimensions }) => ({
          where,
          namespace: Namespace,
          name: MetricName,
          dimensions: Object.fromEntries(asList(Dimensions).map(({ Name, Value }) => [Name, asText(Value)])),
        })),
    );
}

function widgetMetrics(template: Template): NamedMetric[] {
  return widgetsOf(template).flatMap(({ properties: { title, metrics = [] } }) =>
    metrics.map((metric: readonly unknown[]) => {
      const [namespace, name, ...pairs] = metric.filter((part) => typeof part === 'string');
      const dimensions = pairs.flatMap((key, at) => (at % 2 === 0 ? [[key, pairs[at + 1]]] : []));
      return { where: `"${title}"`, namespace, name, dimensions: Object.fromEntries(dimensions) };
    }),
  );
}

/** The widgets of the dashboard, with every name that is substituted in braces. @throws if the body is no JSON */
function widgetsOf({ Resources }: Template): Json[] {
  const body = Resources['WingDashboard']?.Properties.DashboardBody;
  return body === undefined ? [] : JSON.parse(asText(body)).widgets;
}

/** A text with `{Name}` for what is substituted; of a condition the first branch. */
function asText(value: Json): string {
  if (typeof value === 'string') return value;
  if (value.Ref) return `{${value.Ref}}`;
  if (value['Fn::GetAtt']) return `{${asList(value['Fn::GetAtt']).join('.')}}`;
  if (value['Fn::If']) return asText(value['Fn::If'][1]);
  const [text, own = {}] = asList(value['Fn::Sub']);
  return text.replace(/\$\{([\w:.]+)\}/g, (_: string, name: string) =>
    name in own ? asText(own[name]) : `{${name}}`,
  );
}

export function checkDashboard(wing: Observed): string[] {
  const { template } = wing;
  const dashboard = template.Resources['WingDashboard'];
  const shown: string[] = widgetsOf(template).flatMap(({ properties }) => properties.alarms ?? []);
  const logWidgets = widgetsOf(template).filter(({ type }) => type === 'log');
  return [
    ...(dashboard?.Condition === 'HasDashboard'
      ? []
      : ['there is no dashboard that a parameter switches on']),
    ...(template.Parameters['Dashboard']?.Default === 'false' ? [] : ['the dashboard is on by default']),
    ...Object.entries(template.Resources)
      .filter(([id, { Type }]) => Type === 'AWS::CloudWatch::Alarm' && !shown.includes(`{${id}.Arn}`))
      .map(([id]) => `the dashboard does not show ${id}`),
    ...logWidgets.flatMap(({ properties: { title, query } }) =>
      checkQuery(wing, title, query, groupsIn(query)),
    ),
    ...Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === 'AWS::Logs::QueryDefinition')
      .flatMap(([id, { Properties }]) =>
        checkQuery(wing, id, Properties.QueryString, asList(Properties.LogGroupNames).map(asText)),
      ),
  ];
}

function groupsIn(query: string): string[] {
  return [...query.matchAll(/\bSOURCE '([^']*)'/g)].map(([, name = '']) => name);
}

/** What Powertools and Lambda write into every line, and what a query names itself. */
const COMMON_FIELDS = ['level', 'message', 'service'];

/** A field that no function logs is an empty column, which nobody notices. */
function checkQuery(
  { bundles }: Observed,
  where: string,
  query: string,
  groups: readonly string[],
): string[] {
  const functions = groups.map((group) => /^\{(\w+)Logs\}$/.exec(group)?.[1] ?? '');
  const code = functions.map((id) => bundles[id] ?? '').join('\n');
  return [
    ...functions.filter((id) => !bundles[id]).map(() => `${where} reads a log group of no function`),
    ...fieldsIn(query)
      .filter((field) => !COMMON_FIELDS.includes(field) && !new RegExp(`\\b${field}\\b`).test(code))
      .map((field) => `${where} asks for ${field}, which no function logs`),
  ];
}

function fieldsIn(query: string): string[] {
  const listed = [...query.matchAll(/\bfields ([^|\n]+)/g)].flatMap(([, list = '']) => list.split(','));
  const named = [...query.matchAll(/\b(?:ispresent|pct|max)\(([\w.]+)/g)].map(([, field = '']) => field);
  const filtered = [...query.matchAll(/\bfilter (\w+) (?:=|like|in)/g)].map(([, field = '']) => field);
  const grouped = [...query.matchAll(/ by (\w+)/g)].map(([, field = '']) => field);
  return [...listed, ...named, ...filtered, ...grouped]
    .map((field) => field.trim().replace(/\..*$/, ''))
    .filter((field) => field !== '' && !field.startsWith('@'));
}
