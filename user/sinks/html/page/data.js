// SPDX-License-Identifier: BSD-2-Clause
// The data of the page, as user/sinks/html/data.c wrote them, made ready for use. Names from a
// target are text, and only ever become text: nothing in this page makes markup of them.

// In the order of the columns; "unknown": captures of versions that did not record it.
const causes = [
	{ key: 'on_cpu', label: 'on CPU', colour: '--on-cpu' },
	{ key: 'blocked', label: 'blocked', colour: '--blocked' },
	{ key: 'gil', label: 'waiting for the GIL', colour: '--gil' },
	{ key: 'run_queue', label: 'waiting for a CPU', colour: '--run-queue' },
	{ key: 'gc', label: 'collecting garbage', colour: '--gc' },
	{ key: 'unknown', label: 'not known', colour: '--unknown' },
];
const [ON_CPU, BLOCKED, GIL, RUN_QUEUE, GC, UNKNOWN] = causes.keys();

// As in html_data.c.
const ITERATION = 1, IN_PROGRESS = 2, TIME_KNOWN = 4, GC_KNOWN = 8, DELAYED_KNOWN = 16;
const BEGAN_BEFORE = 32;
const firstPart = 10; // in a detail
const PART_BLOCKED = 0, PART_SAMPLE = 1, PART_TOP = 2, PART_SHORTAGE = 3, PART_WAKER = 4;
const REASON_GIL = 2, REASON_RUN_QUEUE = 3;
const frameKinds = ['python', 'native', 'kernel'];

function readStalls(raw) {
	const count = raw.count;
	const stalls = { count, start: new Float64Array(count) };
	let at = 0;

	for (let i = 0; i < count; i++)
		stalls.start[i] = at += raw.start_us[i];
	for (const [name, values] of Object.entries(raw))
		if (Array.isArray(values) && name !== 'start_us')
			stalls[name] = Float64Array.from(values);
	stalls.cause = new Uint8Array(count);
	stalls.end = new Float64Array(count);
	for (let i = 0; i < count; i++) {
		stalls.cause[i] = mainCause(stalls, i);
		// the time of its slow callbacks is not in the duration of an iteration
		stalls.end[i] = stalls.start[i] + stalls.duration_us[i] + stalls.slow_us[i];
	}
	return stalls;
}

// What took most of a stall. GC is a part of the time on the CPU.
function mainCause(stalls, i) {
	if (!(stalls.flags[i] & TIME_KNOWN))
		return UNKNOWN;
	const times = [stalls.on_cpu_us[i], stalls.blocked_us[i], stalls.gil_us[i],
		stalls.run_queue_us[i]];
	const cause = times.indexOf(Math.max(...times));

	return cause === ON_CPU && stalls.gc_us[i] > times[ON_CPU] / 2 ? GC : cause;
}

function readLoop(raw) {
	const loop = Object.assign({ callbacks: [], causes: [], history: [], host: '', comm: '',
		summarised: 'wall_ns' in raw }, raw);

	loop.iteration = readHistogram(raw.iteration);
	loop.callbacks = loop.callbacks.map(([callback, slow, run, queue]) =>
		({ callback, slow, loop: loop.id, run: readHistogram(run), queue: readHistogram(queue) }));
	loop.spans = loop.history.map(([start, end, busy, idle, iterations, slow, cells]) =>
		({ start, end, busy, idle, iterations, slow, cells }));
	loop.name = loopName(loop);
	return loop;
}

function loopName(loop) {
	if (!loop.id)
		return 'other';
	const who = loop.unit || (loop.container ? `${loop.comm} in ${loop.container.slice(0, 12)}` :
		loop.comm);

	return loop.pid ? `${who} (pid ${loop.pid}${loop.tid !== loop.pid ? `, thread ${loop.tid}` : ''})` :
		`${who} (ended ones together)`;
}

function readData(text) {
	const data = JSON.parse(text);

	data.stalls = readStalls(data.stalls);
	data.loops = data.loops.map(readLoop);
	data.loopById = new Map(data.loops.map(loop => [loop.id, loop]));
	data.details = new Map(data.details.map(detail => [detail[0], detail]));
	// those without a loop of their own have no iterations to show
	data.realLoops = data.loops.filter(loop => loop.id);
	data.hosts = [...new Set(data.realLoops.map(loop => loop.host || data.host))];
	findRange(data);
	return data;
}

// The time that anything is known of.
function findRange(data) {
	let from = Infinity, to = -Infinity;
	const { stalls } = data;

	// the clocks of several hosts have no start in common
	if (data.sources < 2) {
		from = data.start_us;
		to = data.start_us + data.wall_ns / 1000;
	}
	for (const loop of data.realLoops)
		for (const span of loop.spans) {
			from = Math.min(from, span.start);
			to = Math.max(to, span.end);
		}
	for (let i = 0; i < stalls.count; i++) {
		from = Math.min(from, stalls.start[i]);
		to = Math.max(to, stalls.end[i]);
	}
	if (!(to > from)) {
		from = data.start_us;
		to = from + 1e6;
	}
	data.from = from;
	data.to = to;
}

const data = readData(document.getElementById('data').textContent);

// ---- what numbers stand for; 0 is none -------------------------------------------

function frameOf(number) {
	if (!number)
		return null;
	const at = 5 * (number - 1);
	const [kind, coroutine, name, file, line] = data.frames.slice(at, at + 5);

	return { kind: frameKinds[kind], coroutine: Boolean(coroutine), line,
		name: data.strings[name], file: data.strings[file] };
}

// Innermost frame first.
function stackOf(number) {
	if (!number)
		return { cut: false, unreadable: false, frames: [] };
	const [flags, ...frames] = data.stacks[number - 1];

	return { cut: Boolean(flags & 1), unreadable: Boolean(flags & 2), frames: frames.map(frameOf) };
}

function callbackOf(number) {
	if (!number)
		return { kind: '', name: 'an iteration', file: '', line: 0 };
	const at = 4 * (number - 1);
	const [kind, name, file, line] = data.callbacks.slice(at, at + 4);

	return { kind: kind ? 'callback' : 'task', name: data.strings[name], file: data.strings[file],
		line };
}

// The coroutine or function that names a stall: the program's own one, or what the loop ran.
function namedBy(i) {
	return frameOf(data.stalls.handler[i]) || callbackOf(data.stalls.callback[i]);
}

// What a stall is called: by its function, or that many small callbacks made it.
function stallName(i) {
	const { stalls } = data;

	if (!(stalls.flags[i] & ITERATION))
		return namedBy(i).name || '(no name)';
	const others = stalls.first[i] - stalls.second[i];

	return others > 0 ? `${plural(others, 'callback')} in one iteration` :
		'an iteration between its callbacks';
}

function callText(call, target) {
	return target ? `${call} on ${target}` : call;
}
