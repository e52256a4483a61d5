# SPDX-License-Identifier: GPL-2.0-or-later
# Names of the packages that "seeds" need, themselves included, from an index on
# standard input; with "base" set, also from all packages of the base system.
# Resolves like debootstrap: the first of alternatives, and no virtual packages.

/^Package: / { package = substr($0, 10); known[package] = 1; next }
/^(Pre-)?Depends: / { sub(/^[^ ]*/, ""); needs[package] = needs[package] "," $0; next }
base && /^(Priority: (required|important)|Essential: yes)/ { seeds = seeds " " package }

END {
	end = split(seeds, queue, " ")
	for (at = 1; at <= end; at++) {
		package = queue[at]
		if (!(package in known) || package in done)
			continue
		done[package] = 1
		print package
		n = split(needs[package], names, ",")
		for (i = 1; i <= n; i++) {
			sub(/^ +/, "", names[i])
			sub(/[ :|(].*/, "", names[i])
			if (names[i] != "" && !(names[i] in done))
				queue[++end] = names[i]
		}
	}
}
