// SPDX-License-Identifier: BSD-2-Clause
// The tables of the page: loops, stalls, causes, callbacks, what got lost, spans of time.

const pageTables = {};

function causeCell(cause) {
	return make('span', { kind: 'key' }, swatch(causes[cause].colour),
		make('span', { text: causes[cause].label }));
}

// Name and place in one cell: what does not fit is cut at the end.
function nameCell(name, place) {
	return make('span', { kind: 'name', title: `${name}  ${place}` }, make('span', { text: name || '(no name)' }),
		make('span', { kind: 'muted', text: place }));
}

function duration(label, value, width = '76px') {
	return { label, width, number: true, value, cell: row => formatDuration(value(row)) };
}

function count(label, value, width = '72px') {
	return { label, width, number: true, value, cell: row => formatCount(value(row)) };
}

const loopNameOf = id => id ? (data.loopById.get(id) || { name: `loop ${id}` }).name : 'other';
const oneDay = formatDay(data.from) === formatDay(data.to);
const severalLoops = data.realLoops.length > 1;
const loopColumn = value => severalLoops ? [{ label: 'loop', width: 'minmax(120px, 1fr)', value }] : [];

function utilisation(loop) {
	return loop.busy_ns / (loop.busy_ns + loop.idle_ns || 1);
}

// ---- loops --------------------------------------------------------------------------

function makeLoopTable() {
	const stalls = new Map();

	for (let i = 0; i < data.stalls.count; i++)
		stalls.set(data.stalls.loop[i], (stalls.get(data.stalls.loop[i]) || 0) + 1);
	const all = { id: 0, name: 'all loops', all: true };
	const summarised = data.realLoops.filter(loop => loop.summarised);
	const sum = key => summarised.reduce((total, loop) => total + loop[key], 0);
	const merged = mergeHistograms(summarised.map(loop => loop.iteration));
	const value = (own, together) => loop => loop.all ? together : loop.summarised ? own(loop) : 0;
	const busy = value(utilisation, sum('busy_ns') / (sum('busy_ns') + sum('idle_ns') || 1));
	const table = new Table(byId('loops'), {
		label: 'Loops; Enter chooses one', most: 8, sort: 0,
		columns: [
			{ label: 'loop', width: 'minmax(220px, 2fr)', value: loop => loop.all ? '' : loop.name,
				cell: loop => nameCell(loop.name, loop.all ? '' : `${loop.runtime} ${loop.runtime_version}`) },
			...(data.hosts.length > 1 ? [{ label: 'host', width: 'minmax(100px, 1fr)',
				value: loop => loop.host || '' }] : []),
			{ label: 'busy', width: '80px', number: true, value: busy, cell: loop => formatShare(busy(loop)) },
			...['p50', 'p99', 'max'].map(key => duration(`lag ${key}`,
				value(loop => loop.iteration[key], merged[key]))),
			count('iterations', value(loop => loop.iterations, sum('iterations')), '100px'),
			count('stalls', loop => loop.all ? data.stalls.count : stalls.get(loop.id) || 0, '80px'),
		],
		open: loop => setLoop(loop.id),
	});

	table.isChosen = loop => loop.id === view.loop;
	table.setRows([all, ...data.realLoops]);
	pageTables.loops = table;
}

// ---- stalls -------------------------------------------------------------------------

function makeStallTable() {
	const { stalls } = data;

	pageTables.stalls = new Table(byId('stalls'), {
		label: 'Stalls; Enter opens one', sort: 1, empty: 'No stalls in this time.',
		columns: [
			{ label: 'began', width: oneDay ? '112px' : '196px', value: i => stalls.start[i],
				cell: i => oneDay ? formatClock(stalls.start[i]) : formatInstant(stalls.start[i]) },
			duration('lasted', i => 1000 * stalls.duration_us[i]),
			{ label: 'what', width: 'minmax(220px, 2fr)', value: stallName, cell: i => {
				const named = namedBy(i);

				return nameCell(stallName(i), formatPlace(named.file, named.line));
			} },
			{ label: 'task', width: 'minmax(90px, 1fr)', value: i => data.strings[stalls.task_name[i]] },
			{ label: 'mostly', width: '170px', value: i => causes[stalls.cause[i]].label,
				cell: i => causeCell(stalls.cause[i]) },
			...loopColumn(i => loopNameOf(stalls.loop[i])),
		],
		open: openStall,
	});
}

function fillStallTable() {
	const inRange = stallsInRange();
	const omitted = data.omitted ? `; ${plural(data.omitted, 'shorter one')} ` +
		`(${formatDuration(data.omitted_ns)} in all) are counted, but not in this page` : '';

	pageTables.stalls.setRows(inRange);
	byId('stalls-note').textContent = `${formatCount(inRange.length)} in the time shown above${omitted}`;
}

// ---- causes -------------------------------------------------------------------------

function causeRow([kind, call, target, held, frame, times, ns, said, called], loop) {
	const where = frameOf(frame);
	const computing = frameOf(called) || where || { name: 'computing' };
	const words = data.strings[said];
	const waiting = callText(data.strings[call], data.strings[target]);
	const names = [words || computing.name, words ? `${words} (${waiting})` : waiting,
		'waiting for the GIL', 'waiting for a CPU', 'collecting garbage'];

	return { kind, name: names[kind], times, ns, loop,
		place: kind === GIL && held ? `held by '${data.strings[held]}'` :
			kind === RUN_QUEUE && held ? waitReason(data.strings[held], data.strings[target]) :
				where ? formatPlace(where.file, where.line) : '' };
}

// Threads of that name had the CPU, or the quota of the cgroup was used up.
function waitReason(held, cgroup) {
	return cgroup ? `${held}, cgroup ${cgroup}` : `by ${held}`;
}

function hasRest(loop) {
	return loop.rest_ns >= loop.busy_ns / 100 && (loop.causes.length > 0 || loop.never_waits);
}

// The busy time that no cause accounts for, so that the rows add up to it.
function restRow(loop) {
	return { kind: ON_CPU, name: 'the rest, below the threshold', times: 0, ns: loop.rest_ns, loop: loop.id,
		place: '' };
}

function makeCauseTable() {
	pageTables.causes = new Table(byId('causes'), {
		label: 'Where the loop\u2019s time went', sort: 2, most: 10,
		empty: 'Nothing: no callback was late.',
		columns: [
			{ label: 'what', width: 'minmax(240px, 2fr)', value: row => row.name },
			{ label: 'where', width: 'minmax(160px, 1fr)', value: row => row.place },
			duration('time', row => row.ns), count('times', row => row.times),
			{ label: 'cause', width: '170px', value: row => causes[row.kind].label,
				cell: row => causeCell(row.kind) },
			...loopColumn(loopsOf),
		],
	});
}

// The same in several loops becomes one row; add: adds the one to the other.
function mergeRows(rows, keyOf, add) {
	const merged = new Map();

	for (const row of rows) {
		const key = keyOf(row), known = merged.get(key);

		if (!known)
			merged.set(key, { ...row, loops: new Set([row.loop]) });
		else
			add(known, row).loops.add(row.loop);
	}
	return [...merged.values()];
}

function loopsOf(row) {
	return row.loops.size > 1 ? plural(row.loops.size, 'loop') : loopNameOf(row.loop);
}

function fillCauseTable() {
	const rows = mergeRows(
		chosenLoops().flatMap(loop => [...loop.causes.map(raw => causeRow(raw, loop.id)),
			...(hasRest(loop) ? [restRow(loop)] : [])]),
		row => `${row.kind} ${row.name} ${row.place}`,
		(row, other) => Object.assign(row, { times: row.times + other.times, ns: row.ns + other.ns }));
	const omitted = chosenLoops().reduce((sum, loop) => sum + (loop.causes_omitted || 0), 0);

	pageTables.causes.setRows(rows);
	byId('causes-note').textContent = 'of the whole run; time on the CPU and in the garbage collector ' +
		`is that of late callbacks, by samples${omitted ? `; ${plural(omitted, 'lesser row')} left out` : ''}`;
}

// ---- callbacks ----------------------------------------------------------------------

function openCallback(row) {
	const callback = callbackOf(row.callback);
	const chart = histogram => {
		const canvas = make('canvas', { kind: 'chart', role: 'img' });

		// once it is in the page and has a width
		requestAnimationFrame(() => drawHistogram(canvas, histogram));
		return canvas;
	};
	const content = [facts([['kind', callback.kind], ['loop', loopsOf(row)],
		['defined at', callback.file ? `${callback.file}:${callback.line}` : ''],
		['slow runs', formatCount(row.slow)]]),
	heading('Run time'), histogramFigures(row.run), chart(row.run), histogramTable(row.run)];

	if (row.queue.count)
		content.push(heading('Wait from ready to running'), histogramFigures(row.queue),
			chart(row.queue), histogramTable(row.queue));
	openRecord(callback.name || '(no name)', content);
}

function makeCallbackTable() {
	const table = new Table(byId('callbacks'), {
		label: 'Callbacks; Enter opens the histogram of one', sort: 4, most: 12,
		empty: 'None were timed.',
		columns: [
			{ label: 'callback', width: 'minmax(240px, 2fr)', value: row => callbackOf(row.callback).name,
				cell: row => {
					const callback = callbackOf(row.callback);

					return nameCell(callback.name, formatPlace(callback.file, callback.line));
				} },
			{ label: 'kind', width: '64px', value: row => callbackOf(row.callback).kind },
			count('count', row => row.run.count), count('slow', row => row.slow, '60px'),
			duration('total', row => row.run.sum),
			...['p50', 'p90', 'p99', 'max'].map(key => duration(key, row => row.run[key], '72px')),
			{ label: 'run times', width: '124px', value: row => row.run.p50,
				cell: row => smallHistogram(row.run, table.slots) },
			...loopColumn(loopsOf),
		],
		open: openCallback,
	});

	pageTables.callbacks = table;
}

function fillCallbackTable() {
	const table = pageTables.callbacks;
	const rows = mergeRows(chosenLoops().flatMap(loop => loop.callbacks), row => row.callback,
		(row, other) => Object.assign(row, { slow: row.slow + other.slow,
			run: mergeHistograms([row.run, other.run]),
			queue: mergeHistograms([row.queue, other.queue]) }));
	const omitted = chosenLoops().reduce((sum, loop) => sum + (loop.callbacks_omitted || 0), 0);

	table.slots = slotRange(rows.map(row => row.run));
	table.setRows(rows);
	byId('callbacks-note').textContent = [data.sampled ? 'by samples of late iterations' : 'of the whole run',
		...(rows.length ? [`small histograms from ${formatDuration(slotEdge(Math.max(0, table.slots[0] - 1)))} to ` +
			`${formatDuration(slotEdge(table.slots[1]))}, logarithmic`] : []),
		...(omitted ? [`${plural(omitted, 'lesser callback')} left out`] : [])].join('; ');
}

// ---- what got lost --------------------------------------------------------------------

// The record of the first one that was found at this place.
function exampleOf(row) {
	const { found } = data;
	const same = found.filter(one => one.kind === row.kind && one.loop === row.loop &&
		one.name === row.name && one.file === row.file && one.line === row.line);

	return same.find(one => one.created === row.created && (!row.place || one.parked === row.place ||
		(one.stack && data.stacks[one.stack - 1].includes(row.place)))) || same[0];
}

function openFinding(row) {
	const kind = data.finding_kinds[row.kind];
	const one = exampleOf(row);
	const content = [];
	const text = number => data.strings[number];
	const frames = (title, frame) => {
		if (frame)
			content.push(heading(title), make('ol', { kind: 'stack' }, frameItem(frameOf(frame))));
	};

	content.push(facts([['times', formatCount(row.count)], ['loop', loopNameOf(row.loop)],
		['first found', one && one.time_us ? formatInstant(one.time_us) : ''],
		['name', text(row.name)], ['defined at', row.file ? `${text(row.file)}:${row.line}` : ''],
		['task', one && one.task_name ? `'${text(one.task_name)}'` : ''],
		['exception', [text(row.exception), text(row.message)].filter(Boolean).join(': ')],
		['late', row.late_us ? `up to ${formatDuration(1000 * row.late_us)}` : '']]));
	if (one) {
		frames('Waiting at', one.parked);
		frames('Created at', one.created);
		if (one.stack)
			content.push(heading('Found in'), stackList(one.stack));
		if (one.loop_stack)
			content.push(heading('The loop was in'), stackList(one.loop_stack));
	}
	content.push(heading('What it means'), make('p', { text: kind.meaning }),
		heading('Why it is easily missed'), make('p', { text: kind.silence }),
		heading('What to do'), make('p', { text: kind.remedy }));
	openRecord(`${kind.title}${row.name ? `: ${text(row.name)}` : ''}`, content);
}

function findingPlace(row) {
	const frame = frameOf(row.created || row.place);

	return frame ? formatPlace(frame.file, frame.line) :
		row.file ? formatPlace(data.strings[row.file], row.line) : '';
}

function makeFindingTable() {
	pageTables.findings = new Table(byId('findings'), {
		label: 'What got lost; Enter opens one', sort: 4, most: 10,
		columns: [
			{ label: 'kind', width: '236px', value: row => data.finding_kinds[row.kind].title },
			{ label: 'name', width: 'minmax(140px, 1fr)', value: row => data.strings[row.name] },
			{ label: 'exception', width: 'minmax(110px, 1fr)', value: row => data.strings[row.exception] },
			{ label: 'where', width: 'minmax(140px, 1fr)', value: findingPlace },
			count('times', row => row.count),
			...loopColumn(row => loopNameOf(row.loop)),
		],
		open: openFinding,
	});
}

function fillFindingTable() {
	// what belongs to no loop is shown with any
	const rows = data.findings.filter(row => !view.loop || !row.loop || row.loop === view.loop);

	byId('findings-panel').hidden = !data.findings.length;
	pageTables.findings.setRows(rows);
}

// ---- time, as a table -----------------------------------------------------------------

function makeSpanTable() {
	pageTables.spans = new Table(byId('spans'), {
		label: 'Lag and utilisation over time', empty: 'The capture has no state of the loop in this time.',
		columns: [
			{ label: 'from', width: oneDay ? '112px' : '196px', value: bin => bin.from,
				cell: bin => oneDay ? formatClock(bin.from) : formatInstant(bin.from) },
			{ label: 'to', width: '130px', value: bin => bin.to, cell: bin => formatClock(bin.to) },
			{ label: 'busy', width: '90px', number: true, value: bin => bin.busy / (bin.busy + bin.idle || 1),
				cell: bin => formatShare(bin.busy / (bin.busy + bin.idle || 1)) },
			count('iterations', bin => bin.iterations, '110px'),
			duration('most took up to', bin => rowTop(Math.max(...bin.rows.keys())), '130px'),
			count('slow ones', bin => slowIterations(bin), '100px'),
		],
	});
}

// Iterations over the threshold, to the row that holds it.
function slowIterations(bin) {
	let slow = 0;

	for (const [row, times] of bin.rows)
		if (rowBottom(row) >= data.threshold_ns)
			slow += times;
	return slow;
}

function fillSpanTable() {
	pageTables.spans.setRows(heat.bins.filter(bin => bin.rows.size));
}
