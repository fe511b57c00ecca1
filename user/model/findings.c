// SPDX-License-Identifier: BSD-2-Clause
#include "findings.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"
#include "base/macros.h"
#include "finding_kinds.h"
#include "own_frames.h"
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

/* The limit of different places. */
#define PLACES_MAX 512
/* Callbacks from wrong threads that wait to be noticed, and how long. */
#define HELD_MAX 256
#define HELD_NS NS_PER_S

/* A finding with the texts that it points to. */
struct pending_finding {
	struct pending_finding *next;
	uint64_t object;
	struct lp_finding finding;
	char name[LP_STACK_FUNCTION_BYTES];
	char file[LP_STACK_FILE_BYTES];
	char task_name[LP_STACK_FUNCTION_BYTES];
	char exception_type[LP_FINDING_TYPE_BYTES];
	char exception_message[LP_FINDING_MESSAGE_BYTES];
};

/* A report of thousands of captures has some of each: a place takes the bytes of its texts. */
struct finding_place {
	const struct lp_shown_frame *key;
	bool first; /* the first one with its key, which also counts objects of unknown creation */
	struct lp_finding_count counted; /* its texts are those below */
	uint64_t before; /* at the last interval */
	uint64_t late_max_ns; /* since then */
	char *exception_message; /* the latest one; NULL: "" */
	char texts[]; /* name, file and exception type, each with its NUL */
};

struct lp_findings {
	const struct lp_frames *frames;
	lp_finding_handler report;
	void *context;
	struct lp_map places; /* struct finding_place: see struct place_key */
	uint64_t dropped, dropped_before;
	struct pending_finding *first, **last; /* those that are held back, oldest first */
	size_t held;
};

struct lp_findings *findings_new(const struct lp_frames *frames, lp_finding_handler report,
				 void *context)
{
	struct lp_findings *findings = calloc(1, sizeof(*findings));

	if (findings) {
		findings->frames = frames;
		findings->report = report;
		findings->context = context;
		findings->last = &findings->first;
	}
	return findings;
}

static void free_pending(struct pending_finding *pending)
{
	stack_clear(&pending->finding.stack);
	stack_clear(&pending->finding.loop_stack);
	free(pending);
}

static void free_place(void *entry)
{
	struct finding_place *place = entry;

	free(place->exception_message);
	free(place);
}

void findings_free(struct lp_findings *findings)
{
	struct pending_finding *pending;

	if (!findings)
		return;
	map_free_entries(&findings->places, free_place);
	while ((pending = findings->first)) {
		findings->first = pending->next;
		free_pending(pending);
	}
	free(findings);
}

bool findings_empty(const struct lp_findings *findings)
{
	return !findings->places.count && !findings->dropped && !findings->first;
}

/* ---- places ------------------------------------------------------------------ */

static const struct lp_shown_frame *own_frame(const struct lp_stack *stack)
{
	struct lp_stack own = own_frames_of(stack);

	return own.depth ? own.frames[0] : NULL;
}

/* Returns the line of the program that called cancel(), or had it called; NULL: not known. */
static const struct lp_shown_frame *caller_of(const struct lp_finding *finding)
{
	const struct lp_stack *stack = &finding->stack;
	size_t own = own_frames_innermost(stack->frames, stack->depth);

	if (own < stack->depth)
		return stack->frames[own];
	if (finding->passed_on)
		return finding->passed_on;
	return stack->depth ? stack->frames[stack->depth - 1] : NULL;
}

/* Returns the line to report a finding at, or NULL. */
static const struct lp_shown_frame *place_of(const struct lp_finding *finding)
{
	if (finding_row(finding->kind)->line == LP_LINE_CALLER)
		return caller_of(finding);
	return finding_row(finding->kind)->line == LP_LINE_PARKED && finding->parked
		       ? finding->parked
		       : own_frame(&finding->stack);
}

/* Returns the line by which findings with the same name are distinguished, or NULL. */
static const struct lp_shown_frame *key_of(const struct lp_finding *finding)
{
	switch (finding_row(finding->kind)->line) {
	case LP_LINE_DEFINED:
		return finding->created || finding->name[0] ? finding->created
							    : own_frame(&finding->stack);
	case LP_LINE_CREATED:
		return finding->created ? finding->created : own_frame(&finding->stack);
	default:
		return place_of(finding);
	}
}

/* ---- counting ----------------------------------------------------------------- */

/* What distinguishes places; texts belong to the finding or to the place. */
struct place_key {
	const struct lp_shown_frame *key;
	const struct lp_shown_frame *created; /* where it was created; NULL: not known */
	bool any; /* the first place is wanted, wherever its objects were created */
	const struct lp_loop_info *loop;
	enum lp_finding_kind kind;
	uint32_t line;
	const char *name, *file, *exception_type;
};

/* Returns the creation by which findings of a kind differ; NULL: they do not, or it is not known. */
static const struct lp_shown_frame *created_of(enum lp_finding_kind kind,
					       const struct lp_shown_frame *created)
{
	return finding_row(kind)->line == LP_LINE_CALLER ? NULL : created;
}

static struct place_key key_of_finding(const struct lp_finding *finding)
{
	return (struct place_key){
		.key = key_of(finding),
		.created = created_of(finding->kind, finding->created),
		.loop = finding->loop,
		.kind = finding->kind,
		.line = finding->line,
		.name = finding->name,
		.file = finding->file,
		.exception_type = finding->exception_type,
	};
}

/* Returns the key that a place has, or would have as a place of another loop. */
static struct place_key key_of_place(const struct finding_place *place,
				     const struct lp_loop_info *loop)
{
	return (struct place_key){
		.key = place->key,
		.created = created_of(place->counted.kind, place->counted.created),
		.loop = loop,
		.kind = place->counted.kind,
		.line = place->counted.line,
		.name = place->counted.name,
		.file = place->counted.file,
		.exception_type = place->counted.exception_type,
	};
}

/* Equal lines share one object, so that its address can be hashed. */
static uint64_t hash_of(const struct place_key *key)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, (uintptr_t)key->key);
	hash_number(&hash, (uintptr_t)key->loop);
	hash_number(&hash, key->kind);
	hash_text(&hash, key->name);
	return hash_end(&hash);
}

static bool has_key(const void *entry, const void *key)
{
	const struct finding_place *place = entry;
	const struct place_key *wanted = key;
	const struct lp_shown_frame *created =
		created_of(place->counted.kind, place->counted.created);

	return (wanted->any ? place->first : created == wanted->created) &&
	       place->key == wanted->key && place->counted.loop == wanted->loop &&
	       place->counted.kind == wanted->kind && place->counted.line == wanted->line &&
	       !strcmp(place->counted.name, wanted->name) &&
	       !strcmp(place->counted.file, wanted->file) &&
	       !strcmp(place->counted.exception_type, wanted->exception_type);
}

/* NULL if out of memory. */
static struct finding_place *new_place(const struct lp_finding *finding,
				       const struct lp_shown_frame *key)
{
	size_t name = strlen(finding->name) + 1, file = strlen(finding->file) + 1;
	size_t type = strlen(finding->exception_type) + 1;
	struct finding_place *place = calloc(1, sizeof(*place) + name + file + type);

	if (!place)
		return NULL;
	memcpy(place->texts, finding->name, name);
	memcpy(place->texts + name, finding->file, file);
	memcpy(place->texts + name + file, finding->exception_type, type);
	place->key = key;
	place->counted = (struct lp_finding_count){
		.loop = finding->loop,
		.kind = finding->kind,
		.name = place->texts,
		.file = place->texts + name,
		.line = finding->line,
		.exception_type = place->texts + name + file,
		.exception_message = "",
	};
	return place;
}

/*
 * Returns the place with a key, or NULL.  Objects that were created before the process was profiled
 * have no known creation: they belong to the first place, which gets the first creation that is
 * known.  *first: the first place, or NULL.
 */
static struct finding_place *find_known(const struct lp_findings *findings,
					const struct place_key *key, struct finding_place **first)
{
	struct place_key any = *key;
	uint64_t hash = hash_of(key);
	struct finding_place *place = map_find(&findings->places, hash, has_key, key);

	any.any = true;
	*first = map_find(&findings->places, hash, has_key, &any);
	if (!place && *first && (!key->created || !(*first)->counted.created))
		place = *first;
	return place;
}

static struct finding_place *find_place(struct lp_findings *findings,
					const struct lp_finding *finding)
{
	const struct place_key key = key_of_finding(finding);
	uint64_t hash = hash_of(&key);
	struct finding_place *first, *place = find_known(findings, &key, &first);

	if (place || findings->places.count == PLACES_MAX)
		return place;
	place = new_place(finding, key.key);
	if (place)
		place->first = !first;
	if (!place || map_add(&findings->places, hash, place))
		return place;
	free_place(place);
	return NULL;
}

/* Keeps the message before if there is no memory for the new one. */
static void set_message(struct finding_place *place, const char *message)
{
	char *copy;

	if (!strcmp(place->counted.exception_message, message))
		return;
	copy = strdup(message);
	if (!copy)
		return;
	free(place->exception_message);
	place->exception_message = copy;
	place->counted.exception_message = copy;
}

/* Returns how often the same was counted before. */
static uint64_t count(struct lp_findings *findings, struct lp_finding *finding)
{
	struct finding_place *place = find_place(findings, finding);

	/* findings over the limit count as one place, so that only one is reported as the first */
	if (!place)
		return findings->dropped++;
	set_message(place, finding->exception_message);
	/* what was made before the process was profiled has no origin: one that has is preferred */
	finding->first_origin = finding->created && !place->counted.created;
	if (finding->created)
		place->counted.created = finding->created;
	place->counted.place = place_of(finding);
	/* the time from a cancellation to the end of the task is no lateness */
	if (!finding_row(finding->kind)->has_lateness)
		return place->counted.count++;
	if (finding->late_ns > place->counted.late_max_ns)
		place->counted.late_max_ns = finding->late_ns;
	if (finding->late_ns > place->late_max_ns)
		place->late_max_ns = finding->late_ns;
	return place->counted.count++;
}

static void report(struct lp_findings *findings, struct pending_finding *pending)
{
	pending->finding.before = count(findings, &pending->finding);
	findings->report(findings->context, &pending->finding);
	free_pending(pending);
}

/* ---- from events ---------------------------------------------------------------- */

static void fill_stack(struct lp_stack *stack, const struct lp_frames *frames,
		       const uint32_t *numbers, uint32_t depth)
{
	const struct lp_shown_frame *frame;
	uint32_t i;

	if (!depth)
		return;
	stack->frames = calloc(depth, sizeof(*stack->frames));
	stack->unreadable = !stack->frames;
	for (i = 0; stack->frames && i < depth; i++) {
		frame = frames_get(frames, numbers[i]);
		if (frame)
			stack->frames[stack->depth++] = frame;
		else
			stack->unreadable = true;
	}
}

static struct pending_finding *make_pending(const struct lp_findings *findings,
					    const struct lp_loop_info *loop,
					    const struct lp_event_finding *event)
{
	struct pending_finding *pending = calloc(1, sizeof(*pending));
	struct lp_finding *finding;

	if (!pending)
		return NULL;
	pending->object = event->object;
	finding = &pending->finding;
	*finding = (struct lp_finding){
		.loop = loop,
		.kind = (enum lp_finding_kind)event->kind,
		.time_ns = event->event.time_ns,
		.pid = (pid_t)event->event.pid,
		.tid = (pid_t)event->tid,
		.name = pending->name,
		.file = pending->file,
		.line = event->line,
		.task = event->task,
		.task_name = pending->task_name,
		.exception_type = pending->exception_type,
		.exception_message = pending->exception_message,
		.created = frames_get(findings->frames, event->created),
		.parked = frames_get(findings->frames, event->parked),
		.timer = event->flags & LP_FINDING_TIMER,
		.more = event->flags & LP_FINDING_MORE,
	};
	text_copy(pending->name, sizeof(pending->name), event->name);
	text_copy(pending->file, sizeof(pending->file), event->file);
	text_copy(pending->task_name, sizeof(pending->task_name), event->task_name);
	text_copy(pending->exception_type, sizeof(pending->exception_type), event->exception_type);
	text_copy(pending->exception_message, sizeof(pending->exception_message),
		  event->exception_message);
	fill_stack(&finding->stack, findings->frames, event->frames, event->depth);
	finding->stack.cut = event->flags & LP_FINDING_CUT;
	finding->stack.unreadable |= (event->flags & LP_FINDING_UNREADABLE) != 0;
	fill_stack(&finding->loop_stack, findings->frames, event->frames + event->depth,
		   event->loop_depth);
	if (finding_row(finding->kind)->line == LP_LINE_CALLER && finding->loop_stack.depth) {
		finding->passed_on = finding->loop_stack.frames[0];
		stack_clear(&finding->loop_stack);
	}
	return pending;
}

/* ---- findings that are held back ------------------------------------------------- */

static struct pending_finding *take(struct lp_findings *findings, struct pending_finding **at)
{
	struct pending_finding *pending = *at;

	*at = pending->next;
	if (!*at)
		findings->last = at;
	findings->held--;
	return pending;
}

static void report_first(struct lp_findings *findings, uint64_t now_ns)
{
	struct pending_finding *pending = take(findings, &findings->first);

	if (now_ns > pending->finding.time_ns && finding_row(pending->finding.kind)->has_lateness)
		pending->finding.late_ns = now_ns - pending->finding.time_ns;
	report(findings, pending);
}

/* Returns whether an LP_EVENT_NOTICED follows. */
static bool waits_for_more(const struct lp_finding *finding)
{
	const struct lp_finding_row *row = finding_row(finding->kind);

	return row->line == LP_LINE_CALLER || (row->has_lateness && !finding->timer);
}

void findings_add(struct lp_findings *findings, const struct lp_loop_info *loop,
		  const struct lp_event_finding *event)
{
	struct pending_finding *pending = make_pending(findings, loop, event);

	if (!pending)
		return;
	if (!waits_for_more(&pending->finding)) {
		report(findings, pending);
		return;
	}
	if (findings->held == HELD_MAX)
		report_first(findings, event->event.time_ns);
	*findings->last = pending;
	findings->last = &pending->next;
	findings->held++;
}

/* The address of a handle is reused once it is freed, so the event belongs to the latest one. */
void findings_noticed(struct lp_findings *findings, const struct lp_event_noticed *event)
{
	struct pending_finding **at, **latest = NULL, *pending;

	for (at = &findings->first; *at; at = &(*at)->next)
		if ((*at)->object == event->handle && (*at)->finding.pid == (pid_t)event->event.pid)
			latest = at;
	if (!latest)
		return;
	pending = take(findings, latest);
	pending->finding.noticed = true;
	pending->finding.late_ns = event->late_ns;
	report(findings, pending);
}

void findings_advance(struct lp_findings *findings, uint64_t now_ns)
{
	while (findings->first && now_ns > findings->first->finding.time_ns &&
	       now_ns - findings->first->finding.time_ns >= HELD_NS)
		report_first(findings, now_ns);
}

static void merge_place(struct finding_place *into, const struct finding_place *from)
{
	into->counted.count += from->counted.count;
	into->before += from->before;
	if (!into->counted.created)
		into->counted.created = from->counted.created;
	if (from->counted.late_max_ns > into->counted.late_max_ns)
		into->counted.late_max_ns = from->counted.late_max_ns;
	if (from->late_max_ns > into->late_max_ns)
		into->late_max_ns = from->late_max_ns;
}

/* Makes a place one of another loop: it is added to the equal one of that loop if there is one. */
static void fold_place(struct lp_findings *findings, struct finding_place *place,
		       const struct lp_loop_info *into)
{
	const struct place_key key = key_of_place(place, into);
	uint64_t hash = hash_of(&key);
	struct finding_place *first, *known = find_known(findings, &key, &first);

	if (known) {
		merge_place(known, place);
		free_place(place);
		return;
	}
	place->counted.loop = into;
	place->first = !first;
	if (map_add(&findings->places, hash, place))
		return;
	findings->dropped += place->counted.count;
	free_place(place);
}

void findings_fold(struct lp_findings *findings, const struct lp_loop_info *loop,
		   const struct lp_loop_info *into)
{
	struct finding_place *place;
	struct pending_finding *pending;
	size_t at = 0;

	if (!findings)
		return;
	for (pending = findings->first; pending; pending = pending->next)
		if (pending->finding.loop == loop)
			pending->finding.loop = into;
	while ((place = map_next_pointer(&findings->places, &at))) {
		if (place->counted.loop != loop)
			continue;
		map_remove_last(&findings->places, &at);
		fold_place(findings, place, into);
	}
}

void findings_finish(struct lp_findings *findings, uint64_t now_ns)
{
	while (findings->first)
		report_first(findings, now_ns);
}

/* ---- summaries ------------------------------------------------------------------ */

static int compare(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

int findings_by_count(const void *left, const void *right)
{
	const struct lp_finding_count *a = left, *b = right;
	int order = compare(b->count, a->count);

	order = order ? order : compare(a->kind, b->kind);
	order = order ? order : strcmp(a->name, b->name);
	order = order ? order : strcmp(a->file, b->file);
	order = order ? order : compare(a->line, b->line);
	order = order ? order : strcmp(a->exception_type, b->exception_type);
	order = order ? order : compare(a->loop ? a->loop->id : 0, b->loop ? b->loop->id : 0);
	order = order ? order : stacks_compare_frames(a->created, b->created);
	return order ? order : stacks_compare_frames(a->place, b->place);
}

size_t findings_list(const struct lp_findings *findings, bool interval,
		     struct lp_finding_count **list)
{
	struct lp_finding_count *items = calloc(findings->places.count + 1, sizeof(*items));
	const struct finding_place *place;
	size_t listed = 0, at = 0;

	*list = items;
	while (items && (place = map_next_pointer(&findings->places, &at))) {
		items[listed] = place->counted;
		if (interval) {
			items[listed].count -= place->before;
			items[listed].late_max_ns = place->late_max_ns;
		}
		if (items[listed].count)
			listed++;
	}
	if (items)
		qsort(items, listed, sizeof(*items), findings_by_count);
	return listed;
}

uint64_t findings_dropped(const struct lp_findings *findings, bool interval)
{
	return findings->dropped - (interval ? findings->dropped_before : 0);
}

void findings_begin_interval(struct lp_findings *findings)
{
	struct finding_place *place;
	size_t at = 0;

	findings->dropped_before = findings->dropped;
	while ((place = map_next_pointer(&findings->places, &at))) {
		place->before = place->counted.count;
		place->late_max_ns = 0;
	}
}
