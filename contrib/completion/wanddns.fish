# Completion of wanddns for fish. Commands, options and what stands behind them come from wanddns --help, services from
# wanddns providers, host names from wanddns check -v: a new command needs no change here.

# The command on the line so far, or nothing.
function __wanddns_command
    set -l option
    for word in (commandline -opc)[2..]
        if test -n "$option"
            set option
        else if contains -- $word $__wanddns_with_value
            set option $word
        else if contains -- $word $__wanddns_commands
            echo $word
            return
        end
    end
    return 1
end

# Is there none yet, or is it one of these? Behind "not": or none of these?
function __wanddns_may_be
    set -l command (__wanddns_command)
    or return 0
    if test $argv[1] = not
        not contains -- $command $argv
    else
        contains -- $command $argv
    end
end

function __wanddns_is
    contains -- (__wanddns_command) $argv
end

function __wanddns_services
    wanddns providers 2>/dev/null | string replace -rf '^(\S+)\s+(\S.*)$' '$1\t$2' | string replace -r '\s{2,}.*' ''
end

function __wanddns_hosts
    set -l words (commandline -opc)
    set -l config
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -c --config
                set config -c $words[(math $i + 1)]
            case '--config=*'
                set config -c (string replace -- --config= '' $words[$i])
        end
    end
    # The last line is the verdict.
    wanddns $config check -v 2>/dev/null | string match -r '^[^\s:]+(?=\s)'
end

function __wanddns_interfaces
    set -l before (string match -r '.*,' -- (commandline -ct | string replace -r '^--[a-z]+=' ''))
    test -n "$before"
    or echo auto
    for interface in /sys/class/net/*
        echo "$before"(string replace -r '.*/' '' $interface)
    end
end

# What may stand at a place that --help calls so, as options of `complete`.
function __wanddns_offer
    switch (string replace -ra '[^A-Z]' '' -- $argv[1])
        case FILE PATH
            printf '%s\n' -r -F
        case DIR
            printf '%s\n' -x -a '(__fish_complete_directories)'
        case LEVEL
            printf '%s\n' -x -a 'error warning info debug'
        case LIST
            printf '%s\n' -x -a '(__wanddns_interfaces)'
        case NAME
            printf '%s\n' -x -a '(__wanddns_services)'
        case HOST
            printf '%s\n' -x -a '(__wanddns_hosts)'
    end
end

set -g __wanddns_commands
set -g __wanddns_with_value
complete -c wanddns -f
for line in (command -q wanddns; and wanddns --help)
    # Each group takes part in a match, if only with nothing: fish leaves out those that do not. What is made of an empty
    # list is nothing.
    if set -l part (string match -rg '^  ([a-z][a-z-]*) +((?:\[?[A-Z]+\]?(?:\.\.\.)? +)?)(.*)$' -- $line)
        set -a __wanddns_commands $part[1]
        complete -c wanddns -n 'not __wanddns_command' -a $part[1] -d "$part[3]"
        complete -c wanddns -n "__wanddns_is $part[1]" (__wanddns_offer "$part[2]")
    else if set -l part (string match -rg '^ +((?:-[a-zA-Z], )?)--([a-z-]+)((?: [A-Z]+)?) *(.*)$' -- $line)
        set -l goes_with (string match -rga '\(([a-z, -]+)\)' -- "$part[4]" | string replace 'not ' 'not, ' | string split -n ', ')
        set -l condition
        test -z "$goes_with"
        or set condition -n "__wanddns_may_be $goes_with"
        set -l letter (string match -r '[a-zA-Z]' -- $part[1])
        test -z "$part[3]"
        or set -a __wanddns_with_value -$letter --$part[2]
        complete -c wanddns $condition -s$letter -l $part[2] -d "$part[4]" \
            (__wanddns_offer "$part[3]")
    end
end
