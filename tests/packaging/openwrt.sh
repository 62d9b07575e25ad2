# What an init script of OpenWrt finds around it, as far as ours needs it: sections and callbacks of /lib/functions.sh,
# and a procd that prints what it is told. $UCI is the file in the place of /etc/config/wanddns, whose lines are
# commands of this shell.
# shellcheck shell=dash

get_bool() {
	case "$1" in
	1 | on | true | yes | enabled) echo 1 ;;
	0 | off | false | no | disabled) echo 0 ;;
	*) echo "${2-}" ;;
	esac
}

config() {
	section_count=$((${section_count-0} + 1))
	CONFIG_SECTION=${2:-cfg$section_count}
	CONFIG_SECTIONS="${CONFIG_SECTIONS-} $CONFIG_SECTION"
	eval "CONFIG_${CONFIG_SECTION}_TYPE=\$1"
}

option() {
	eval "CONFIG_${CONFIG_SECTION}_$1=\$2"
	option_cb "$1" "$2"
}

list() {
	eval "CONFIG_${CONFIG_SECTION}_$1_LENGTH=\$((\${CONFIG_${CONFIG_SECTION}_$1_LENGTH-0} + 1))"
	eval "eval \"CONFIG_${CONFIG_SECTION}_$1_ITEM\$CONFIG_${CONFIG_SECTION}_$1_LENGTH=\\\$2\""
	list_cb "$1" "$2"
}

config_load() {
	# shellcheck source=/dev/null
	. "$UCI"
}

# config_get VARIABLE SECTION OPTION [DEFAULT]
config_get() {
	eval "$1=\${CONFIG_$2_$3:-\${4-}}"
}

config_get_bool() {
	eval "$1=\$(get_bool \"\${CONFIG_$2_$3-}\" \"\${4-}\")"
}

# config_foreach FUNCTION TYPE [ARGUMENT...]
config_foreach() {
	local function="$1" type="$2" section found

	shift 2
	for section in $CONFIG_SECTIONS; do
		config_get found "$section" TYPE
		[ "$found" != "$type" ] || "$function" "$section" "$@"
	done
}

# config_list_foreach SECTION OPTION FUNCTION
config_list_foreach() {
	local count i=1 item

	config_get count "$1" "$2_LENGTH" 0
	while [ "$i" -le "$count" ]; do
		config_get item "$1" "$2_ITEM$i"
		"$3" "$item"
		i=$((i + 1))
	done
}

logger() {
	sed 's/^/log: /'
}

chown() { echo "chown $*"; }
chgrp() { echo "chgrp $*" && command chgrp "$@"; }
procd_open_instance() { echo "procd open"; }
procd_set_param() { echo "procd $*"; }
procd_close_instance() { echo "procd close"; }
procd_add_reload_trigger() { echo "procd reload-trigger $*"; }
