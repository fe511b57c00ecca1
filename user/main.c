// SPDX-License-Identifier: BSD-2-Clause
#include "commands/commands.h"
#include "options/parse.h"
#include "options/help.h"
#include "sinks/sink.h"
#include "sinks/terminal.h"
#include "files/standard.h"
#include "commands/open_sinks.h"
#include "privileges/rights.h"
#include "process/mappings.h"
#include "runtime/registry.h"

#include <locale.h>

static int (*const commands[])(const struct lp_options *options) = {
	[LP_COMMAND_PROFILE] = command_profile, [LP_COMMAND_RECORD] = command_profile,
	[LP_COMMAND_REPORT] = command_report,	[LP_COMMAND_CHECK] = command_check,
	[LP_COMMAND_TASKS] = command_tasks,	[LP_COMMAND_EXPORT] = command_report,
	[LP_COMMAND_DIFF] = command_diff,
};

int main(int argc, char **argv)
{
	char formats[LP_FORMAT_NAMES_MAX], live_formats[LP_FORMAT_NAMES_MAX];
	struct lp_options options;
	int status;

	standard_open();
	/* sets the character set of the terminal; numbers are still formatted as in C */
	setlocale(LC_CTYPE, "");
	runtime_add_code_names();
	rights_begin();
	/*
	 * without this right no probe is attached in any mode, so that files may be opened by their
	 * names
	 */
	mappings_allow_names(!right_held(LP_RIGHT_PROBES, rights_effective()));
	help_set_page(format_names(formats, sizeof(formats), false, "or"),
		      format_names(live_formats, sizeof(live_formats), true, "or"),
		      terminal_of_stdout().columns);
	status = options_parse(argc, argv, &options);
	if (!status) {
		log_set_level(options.verbosity < 0    ? LP_LOG_WARNING
			      : options.verbosity == 0 ? LP_LOG_NOTE
			      : options.verbosity == 1 ? LP_LOG_DETAIL
						       : LP_LOG_DEBUG);
		status = open_sinks_check(&options);
	}
	if (!status && options_only_explain(&options))
		status = command_explain(&options);
	else if (!status)
		status = commands[options.command](&options);
	options_free(&options);
	return status;
}
