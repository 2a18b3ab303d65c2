"""Auto Scaling groups."""

from typing import Any

import moto.autoscaling.models as autoscaling
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from patches.registry import patch


@patch
def require_group_membership() -> None:
    detach = autoscaling.AutoScalingBackend.detach_instances
    protect = autoscaling.AutoScalingBackend.set_instance_protection

    def detach_instances(backend, group_name, instance_ids, should_decrement):  # type: ignore[no-untyped-def]
        require_state(backend, group_name, instance_ids, ["InService", "Standby"])
        return detach(backend, group_name, instance_ids, should_decrement)

    def set_instance_protection(backend, group_name, instance_ids, protected_from_scale_in):  # type: ignore[no-untyped-def]
        require_state(backend, group_name, instance_ids, ["InService", "EnteringStandby", "Standby"])
        return protect(backend, group_name, instance_ids, protected_from_scale_in)

    autoscaling.AutoScalingBackend.detach_instances = detach_instances
    autoscaling.AutoScalingBackend.set_instance_protection = set_instance_protection


def require_state(backend: Any, group_name: str, instance_ids: list[str], states: list[str]) -> None:
    group = find_group(backend, group_name)
    found = {state.instance.id: state.lifecycle_state for state in group.instance_states}
    for instance_id in instance_ids:
        if instance_id not in found:
            raise ValidationError(f"The instance {instance_id} is not part of Auto Scaling group {group_name}.")
    for instance_id in instance_ids:
        if found[instance_id] not in states:
            raise ValidationError(f"The instance {instance_id} is not in {' or '.join(states)}.")


def find_group(backend: Any, group_name: str) -> Any:
    group = backend.autoscaling_groups.get(group_name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{group_name}' not found")
    return group


def find_member(backend: Any, instance_id: str) -> Any:
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


@patch
def terminate_several_instances() -> None:
    def terminate_instance_in_auto_scaling_group(response: AutoScalingResponse) -> ActionResult:
        backend = response.autoscaling_backend
        one = response._get_param("InstanceId")
        many = response._get_param("InstanceIds", [])
        if bool(one) == bool(many):
            raise ValidationError("Either InstanceId or InstanceIds must be specified.")
        group_name = response._get_param("AutoScalingGroupName")
        if many and not group_name:
            raise ValidationError("AutoScalingGroupName is required with InstanceIds.")
        instance_ids = many or [one]
        if group_name:
            require_members(backend, group_name, instance_ids)
        for instance_id in instance_ids:
            find_member(backend, instance_id)
        decrement = response._get_bool_param("ShouldDecrementDesiredCapacity", False)
        activities = [backend.terminate_instance(instance_id, decrement) for instance_id in instance_ids]
        return ActionResult({"Activities": activities} if many else {"Activity": activities[0]})

    AutoScalingResponse.terminate_instance_in_auto_scaling_group = terminate_instance_in_auto_scaling_group


def require_members(backend: Any, group_name: str, instance_ids: list[str]) -> None:
    members = {state.instance.id for state in find_group(backend, group_name).instance_states}
    for instance_id in instance_ids:
        if instance_id not in members:
            raise ValidationError(
                f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
            )


@patch
def wait_for_terminate_hook() -> None:
    terminate = autoscaling.AutoScalingBackend.terminate_instance

    def terminate_instance(backend, instance_id, should_decrement):  # type: ignore[no-untyped-def]
        group, state = find_member(backend, instance_id)
        if state.lifecycle_state == "Terminating:Wait":
            return autoscaling.TerminateInstanceActivity(state.instance, group.desired_capacity)
        hooks = backend.describe_lifecycle_hooks(group.name)
        if not any(hook.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" for hook in hooks):
            return terminate(backend, instance_id, should_decrement)
        original_size = group.desired_capacity
        state.lifecycle_state = "Terminating:Wait"
        group.set_desired_capacity(original_size - 1 if should_decrement else original_size)
        return autoscaling.TerminateInstanceActivity(state.instance, original_size)

    autoscaling.AutoScalingBackend.terminate_instance = terminate_instance


@patch
def follow_group_membership() -> None:
    backend_class = autoscaling.AutoScalingBackend
    notify = backend_class.notify_terminate_instances

    def update_attached_target_groups(backend, group_name):  # type: ignore[no-untyped-def]
        group = backend.autoscaling_groups[group_name]
        for arn in group.target_group_arns:
            target_group = backend.elbv2_backend.target_groups.get(arn)
            if target_group:
                joined, left = membership_changes(group, arn)
                target_group.register([{"Id": one} for one in joined])
                target_group.deregister([{"Id": one} for one in left])

    def update_attached_elbs(backend, group_name):  # type: ignore[no-untyped-def]
        group = backend.autoscaling_groups[group_name]
        for name in group.load_balancer_names:
            if backend.elb_backend.load_balancers.get(name):
                joined, left = membership_changes(group, name)
                backend.elb_backend.register_instances(name, joined)
                backend.elb_backend.deregister_instances(name, left)

    def notify_terminate_instances(backend, instance_ids):  # type: ignore[no-untyped-def]
        notify(backend, instance_ids)
        for name in backend.autoscaling_groups:
            backend.update_attached_target_groups(name)

    backend_class.update_attached_target_groups = update_attached_target_groups
    backend_class.update_attached_elbs = update_attached_elbs
    backend_class.notify_terminate_instances = notify_terminate_instances


def membership_changes(group: Any, load_balancer: str) -> tuple[list[str], list[str]]:
    """Returns the instances that joined and left since the last call, so that manual deregistrations stay."""
    known = group.__dict__.setdefault("attached", {})
    before = known.get(load_balancer, [])
    now = [state.instance.id for state in group.active_instances()]
    known[load_balancer] = now
    return [one for one in now if one not in before], [one for one in before if one not in now]
