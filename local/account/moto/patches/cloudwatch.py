"""Metrics and alarms of CloudWatch."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import moto.cloudwatch.models as cloudwatch
import moto.core.utils as core
from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.exceptions import ValidationError as AlarmInvalid
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from patches.registry import patch

recent_hours = 3
metrics_per_page = 500
alarms_per_page = 100


def page_of(found: list[Any], size: int, token: str | None) -> tuple[list[Any], str | None]:
    """A token is an index, so it can be used more than once."""
    if token and not token.isdigit():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    start = int(token or 0)
    end = start + size
    return found[start:end], str(end) if end < len(found) else None


def seconds(time: datetime.datetime) -> float:
    """Times in requests have a time zone, moto's own times do not."""
    return time.timestamp() if time.tzinfo else core.unix_time(time)


def series_of(datum: Any) -> tuple[Any, ...]:
    return datum.namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions)


@patch
def list_recent_metrics() -> None:
    def list_metrics(response: CloudWatchResponse) -> ActionResult:
        wanted = [(one["Name"], one.get("Value")) for one in response._get_param("Dimensions", [])]
        since = core.unix_time() - recent_hours * 3600 if response._get_param("RecentlyActive") else 0
        name, namespace = response._get_param("MetricName"), response._get_param("Namespace")
        found = {
            series_of(datum): datum
            for datum in response.cloudwatch_backend.get_all_metrics()
            if name in (None, datum.name) and namespace in (None, datum.namespace)
            if seconds(datum.timestamp) >= since and has_dimensions(datum, wanted)
        }
        metrics, token = page_of(list(found.values()), metrics_per_page, response._get_param("NextToken"))
        return ActionResult({"Metrics": metrics, "NextToken": token})

    CloudWatchResponse.list_metrics = list_metrics


def has_dimensions(datum: Any, wanted: list[tuple[str, str | None]]) -> bool:
    known = {one.name: one.value for one in datum.dimensions}
    return all(name in known and value in (None, known[name]) for name, value in wanted)


@patch
def index_metric_data() -> None:
    def get_metric_data(backend, queries, start_time, end_time, scan_by="TimestampAscending"):  # type: ignore[no-untyped-def]
        start, end = seconds(start_time), seconds(end_time)
        data = backend.__dict__.setdefault("data_by_series", {})
        done = backend.__dict__.setdefault("data_indexed", 0)
        for datum in backend.metric_data[done:]:
            data.setdefault(series_of(datum), []).append(datum)
        backend.data_indexed = len(backend.metric_data)
        return [read_metric_data(query, data, start, end, scan_by) for query in queries]

    cloudwatch.CloudWatchBackend.get_metric_data = get_metric_data


def read_metric_data(query: dict[str, Any], data: dict[Any, Any], start: float, end: float, scan_by: str) -> dict[str, Any]:
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    period = int(stat["Period"])
    buckets: dict[float, list[Any]] = {}
    for datum in data.get((metric["Namespace"], metric["MetricName"], dimensions), []):
        at = seconds(datum.timestamp)
        if start <= at < end:
            buckets.setdefault(at - at % period, []).append(datum)
    times = sorted(buckets, reverse=scan_by == "TimestampDescending")
    values = []
    for at in times:
        statistics = cloudwatch.Statistics([stat["Stat"]], core.utcnow())
        statistics.metric_data = buckets[at]
        values.append(statistics.get_statistics_for_type(stat["Stat"]))
    return {
        "id": query["Id"],
        "label": query.get("Label") or metric["MetricName"],
        "timestamps": [core.utcfromtimestamp(int(at)) for at in times],
        "values": values,
        "status_code": "Complete",
    }


@patch
def paginate_alarms() -> None:
    def describe_alarms(response: CloudWatchResponse) -> ActionResult:
        names, prefix = response._get_param("AlarmNames", []), response._get_param("AlarmNamePrefix")
        kinds = response._get_param("AlarmTypes", None) or ["MetricAlarm"]
        alarms = response.cloudwatch_backend.alarms
        found = [
            alarm
            for name, alarm in sorted(alarms.items())
            if (not names or name in names) and name.startswith(prefix or "")
            if ("MetricAlarm" if alarm.rule is None else "CompositeAlarm") in kinds
        ]
        size = min(int(response._get_param("MaxRecords") or 50), alarms_per_page)
        page, token = page_of(found, size, response._get_param("NextToken"))
        return ActionResult(
            {
                "MetricAlarms": [one for one in page if one.rule is None],
                "CompositeAlarms": [one for one in page if one.rule is not None],
                "NextToken": token,
            }
        )

    CloudWatchResponse.describe_alarms = describe_alarms


suppressor_members = ["ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"]


@patch
def update_alarms_in_place() -> None:
    put = CloudWatchResponse.put_metric_alarm

    def put_alarm(response: CloudWatchResponse) -> ActionResult:
        backend, name, rule = response.cloudwatch_backend, response._get_param("AlarmName"), response._get_param("AlarmRule")
        before = backend.alarms.get(name)
        if before is not None and (before.rule is None) != (rule is None):
            raise AlarmInvalid(f"An alarm of another type has the name {name}.")
        missing = [one for one in alarms_of_composite(response._get_params()) if one not in backend.alarms]
        if missing:
            raise AlarmInvalid(f"Could not save the composite alarm as alarms {missing} in the alarm rule do not exist")
        arn = before.alarm_arn if before else None
        tags = backend.list_tags_for_resource(arn) if arn else {}
        result = put(response)
        alarm = backend.alarms[name]
        for member in suppressor_members:
            alarm.__dict__[member] = response._get_param(member)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            return result
        alarm.state_value, alarm.state_updated_timestamp = before.state_value, before.state_updated_timestamp
        backend.tagger.delete_all_tags_for_resource(arn)
        backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(tags))
        return result

    CloudWatchResponse.put_metric_alarm = put_alarm
    CloudWatchResponse.put_composite_alarm = put_alarm


def alarms_of_composite(composite: dict[str, Any]) -> list[str]:
    """The alarms that a composite alarm depends on, including its suppressor."""
    children = re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\"?([^\")]+)\"?\)", composite.get("AlarmRule") or "")
    return [*children, *([composite["ActionsSuppressor"]] if composite.get("ActionsSuppressor") else [])]


@patch
def protect_alarms_of_composites() -> None:
    def delete_alarms(response: CloudWatchResponse) -> ActionResult:
        backend, names = response.cloudwatch_backend, response._get_param("AlarmNames", [])
        composites = [one for one in backend.alarms.values() if one.rule is not None]
        if sum(one.name in names for one in composites) > 1:
            raise AlarmInvalid("Only one composite alarm can be deleted at a time.")
        held = {
            child
            for one in composites
            for child in alarms_of_composite({"AlarmRule": one.rule, **one.__dict__})
            if child in names
        }
        if held:
            depending = ", ".join(sorted(held))
            raise AlarmInvalid(f"Cannot delete {depending} as there are composite alarm(s) depending on them.")
        for alarm in [backend.alarms.pop(name) for name in names if name in backend.alarms]:
            backend.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
        return EmptyResult()

    CloudWatchResponse.delete_alarms = delete_alarms


changes_per_second = 3


class Throttling(ServiceException):
    code = "Throttling"
    message = "Rate exceeded"


@patch
def limit_alarm_changes() -> None:
    for name in ["put_metric_alarm", "put_composite_alarm", "delete_alarms"]:
        setattr(CloudWatchResponse, name, rate_limited(name, getattr(CloudWatchResponse, name)))


def rate_limited(name: str, call: Callable[[CloudWatchResponse], ActionResult]) -> Callable[[CloudWatchResponse], ActionResult]:
    def within_limit(response: CloudWatchResponse) -> ActionResult:
        buckets = response.cloudwatch_backend.__dict__.setdefault("buckets", {})
        now = core.unix_time()
        left, at = buckets.get(name, (float(changes_per_second), now))
        left = min(float(changes_per_second), left + (now - at) * changes_per_second)
        buckets[name] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise Throttling()
        return call(response)

    return within_limit
