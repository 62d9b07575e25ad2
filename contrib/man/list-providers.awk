# Prints an item of mdoc(7) for each definition of a provider that is named on the command line.
#
# Of the grammar only what definitions use is known here: key = value, key = { value, value }, key title { ... }, comments
# behind #. wanddns check has read each of them.

function fail(text) {
    print "list-providers: " text > "/dev/stderr"
    exit_status = 1
    exit 1
}

# The words of a text into token[1] to token[count]; values begin with a v, braces and signs stand for themselves.
function scan(text,    first, length_here) {
    count = 0
    while (match(text, /[^ \t\r\n]/)) {
        text = substr(text, RSTART)
        first = substr(text, 1, 1)
        if (first == "#") {
            text = match(text, /\n/) ? substr(text, RSTART) : ""
        } else if (first == "\"" || first == "'") {
            match(text, first == "\"" ? "^\"([^\"\\\\]|\\\\.)*\"" : "^'([^'\\\\]|\\\\.)*'")
            if (RLENGTH < 0)
                fail(file ": a quote is not closed")
            token[++count] = "v" substr(text, 2, RLENGTH - 2)
            text = substr(text, RLENGTH + 1)
        } else if (index("{}=,", first)) {
            token[++count] = first
            text = substr(text, 2)
        } else {
            length_here = match(text, /[ \t\r\n{}=,#]/) ? RSTART - 1 : length(text)
            token[++count] = "v" substr(text, 1, length_here)
            text = substr(text, length_here + 1)
        }
    }
}

# The value or list at token[at], with newlines between several; next_at is behind it.
function values(at,    all) {
    next_at = at + 1
    if (token[at] != "{")
        return substr(token[at], 2)
    for (; token[next_at] != "}" && next_at <= count; next_at++)
        if (token[next_at] != ",")
            all = (all == "" ? "" : all "\n") substr(token[next_at], 2)
    next_at++
    return all
}

# key[name, word] of the top, and the titles of the steps; those that only run to delete have a - before them.
function parse(name,    at, depth, word, value, step) {
    for (at = 1; at <= count; at = next_at) {
        word = substr(token[at], 2)
        next_at = at + 1
        if (token[at] == "}") {
            depth--
        } else if (token[at + 1] == "=") {
            value = values(at + 2)
            if (depth == 0)
                key[name, word] = value
            else if (depth == 1 && word == "in")
                only_deletes[name, step] = value == "delete"
        } else {
            if (token[at + 2] != "{" || token[at] !~ /^v/)
                fail(file ": this is not understood: " word)
            if (depth == 0 && word == "step") {
                step = substr(token[at + 1], 2)
                steps[name] = steps[name] step "\n"
            }
            depth++
            next_at = at + 3
        }
    }
}

# Of a definition, or of the one that it is like.
function value_of(name, word) {
    if ((name, word) in key)
        return key[name, word]
    return (name, "like") in key && key[name, "like"] != name ? value_of(key[name, "like"], word) : ""
}

function publishes(name,    list, many, i) {
    many = split(steps[name], list, "\n")
    for (i = 1; i < many; i++)
        if (list[i] != "delete" && list[i] != "address" && !only_deletes[name, list[i]])
            return 1
    return (name, "like") in key && publishes(key[name, "like"])
}

function plain(text) {
    gsub(/\\/, "\\e", text)
    return text ~ /^[.']/ ? "\\&" text : text
}

function words(before, list) {
    if (list == "")
        return
    gsub(/\n/, " , ", list)
    printf "%s\n.Li %s .\n", before, list
}

function print_item(name,    site, is_echo) {
    is_echo = !publishes(name) && index("\n" steps[name], "\naddress\n")
    if (!publishes(name) && !is_echo)
        return
    site = value_of(name, "site")
    printf ".It Cm %s\n%s%s\n", name, plain(value_of(name, "title")), (site == "" ? "." : ",")
    if (site != "")
        printf ".Lk %s .\n", site
    if (is_echo)
        print "An address echo service."
    if (value_of(name, "maturity") != "")
        print "Untested."
    words("Needs", value_of(name, "needs"))
    words("Options:", value_of(name, "options"))
}

BEGIN {
    for (i = 1; i < ARGC; i++) {
        file = name = ARGV[i]
        sub(/.*\//, "", name)
        if (name !~ /\.conf$/ || name == "aliases.conf")
            continue
        sub(/\.conf$/, "", name)
        for (j = ++name_count; j > 1 && names[j - 1] "" > name ""; j--)
            names[j] = names[j - 1]
        names[j] = name
        text = ""
        while ((got = (getline line < file)) > 0)
            text = text line "\n"
        if (got < 0)
            fail(file ": cannot be read")
        close(file)
        scan(text)
        parse(name)
    }
    for (i = 1; i <= name_count; i++)
        print_item(names[i])
    exit exit_status
}
