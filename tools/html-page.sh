#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes the fixed parts of the HTML page as C arrays, in the order in which they go into a
# page: page_head, page_style, page_body, (the data,) page_between, page_script, page_end.
# usage: html-page.sh PAGE.html STYLE.css SCRIPT.js... > html_page.h
set -eu

page=$1 style=$2
shift 2
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

cp "$style" "$made/style"
# a block around the scripts keeps their names out of the page's global scope
{
	echo "'use strict';"
	echo '{'
	cat "$@"
	echo '}'
} >"$made/script"

# The Content-Security-Policy allows a page the script and style with these hashes, nothing else.
hash_of() {
	hex=$(sha256sum <"$1" | cut -c1-64 | sed 's/../\\x&/g')
	# shellcheck disable=SC2059 # the format is the data
	env printf "$hex" | base64
}

# The lines between two markers, without a final newline, as the hash covers every byte.
part() {
	sed -n "$1" "$page" | sed -e "s|@style-hash@|$(hash_of "$made/style")|" \
		-e "s|@script-hash@|$(hash_of "$made/script")|"
}

array() {
	echo "static const char $1[] = {"
	od -An -v -tu1 -w24 | sed -e 's/  */,/g' -e 's/^,//' -e 's/$/,/'
	echo '};'
}

echo '/* Made by tools/html-page.sh. */'
part '1,/^@style@$/{/^@style@$/d;p}' | head -c -1 | array page_head
array page_style <"$made/style"
part '/^@style@$/,/^@data@$/{/^@[a-z]*@$/d;p}' | head -c -1 | array page_body
part '/^@data@$/,/^@script@$/{/^@[a-z]*@$/d;p}' | head -c -1 | array page_between
array page_script <"$made/script"
# shellcheck disable=SC2016 # $ is the last line
part '/^@script@$/,$ {/^@script@$/d;p}' | array page_end
