#!/bin/sh
# Runs on each host. The name of the deployment group is the environment. The settings are those of the systemd units,
# /etc/follow-release/<environment>.conf; without them the deployment fails, because they may name a key.
set -eu
environment=$DEPLOYMENT_GROUP_NAME
settings=${SETTINGS:-/etc/follow-release}/$environment.conf
STORE='' FOLDER='' OPTIONS='' HOOK=''
# As systemd reads it: a value is the rest of the line.
while IFS= read -r line; do
  case $line in
    STORE=*) STORE=${line#*=} ;;
    FOLDER=*) FOLDER=${line#*=} ;;
    OPTIONS=*) OPTIONS=${line#*=} ;;
    HOOK=*) HOOK=${line#*=} ;;
  esac
done <"$settings"
# OPTIONS are several words.
# shellcheck disable=SC2086
exec "$(dirname "$0")/follow-release" -w 600 $OPTIONS -r "$HOOK" "$STORE" "$environment" "$FOLDER"
