// SPDX-License-Identifier: BSD-2-Clause
// The subject of the page: the run, its figures, how much of it was measured, and the cost of that.

const endReasons = { interrupt: 'ended by Ctrl-C', duration: 'ended after its duration',
	target_exited: 'ended with its target' };

function drawTitle() {
	const hosts = data.hosts.length > 3 ? `${data.hosts.length} hosts` : data.hosts.join(', ') || data.host;
	const day = formatInstant(data.from).slice(0, -4);
	const sameDay = formatDay(data.from) === formatDay(data.to);
	const until = sameDay ? formatClock(data.to, 0) : formatInstant(data.to).slice(0, -4);

	byId('title').textContent = `Event loops on ${hosts}`;
	byId('subtitle').textContent = [`${day} to ${until} ${formatZone(data.from)}`,
		`${data.mode} mode`, `slow from ${roundDuration(data.threshold_ns)}`, data.tool,
		...(data.sources > 1 ? [`${data.sources} captures`] : [])].join('  \u00b7  ');
	document.title = `loopprof: ${hosts}, ${day}`;
	byId('foot').textContent = `Made by ${data.tool}; ${endReasons[data.reason] || ''}. ` +
		'This file loads nothing from anywhere. Times are those of the reader\u2019s time zone.';
}

function figure(value, label, note = '') {
	return make('div', { kind: 'figure' }, make('div', { kind: 'figure-value', text: value }),
		make('div', { kind: 'figure-label', text: label }),
		make('div', { kind: 'muted', text: note }));
}

function drawFigures() {
	const loops = chosenLoops().filter(loop => loop.id && loop.summarised);
	const sum = key => loops.reduce((total, loop) => total + loop[key], 0);
	const lag = mergeHistograms(loops.map(loop => loop.iteration));
	let stalled = 0, worst = 0;

	for (const i of view.stalls) {
		stalled += data.stalls.duration_us[i];
		worst = Math.max(worst, data.stalls.duration_us[i]);
	}
	byId('figures').replaceChildren(
		figure(formatShare(sum('busy_ns') / (sum('busy_ns') + sum('idle_ns') || 1)), 'busy',
			loops.length > 1 ? `${loops.length} loops, ${formatDuration(sum('wall_ns'))} of loop time` :
				`of ${formatDuration(sum('wall_ns'))}`),
		figure(formatDuration(lag.p50), 'lag p50', plural(lag.count, 'iteration') +
				(loops.some(loop => loop.waited_only) ? ' that waited or were late' : '')),
		figure(formatDuration(lag.p99), 'lag p99', '99 of 100 iterations are shorter'),
		figure(formatDuration(lag.max), 'worst lag', 'one iteration'),
		figure(formatCount(view.stalls.length), 'stalls', worst ? `worst ${formatDuration(1000 * worst)}` :
			`none over ${roundDuration(data.threshold_ns)}`),
		figure(formatDuration(1000 * stalled), 'stalled', sum('wall_ns') ?
			`${formatShare(1000 * stalled / sum('wall_ns'))} of the time` : ''));
}

// What the histograms of callbacks are of: never to be taken for a full count.
function coverageNote(loops) {
	const wall = loops.reduce((sum, loop) => sum + loop.wall_ns, 0);
	const traced = loops.reduce((sum, loop) => sum + loop.traced_ns, 0);

	if (data.sampled)
		return (loops.some(loop => loop.waited_only) ?
			'Sample mode: iterations that waited in their poll are all counted, others if a sample found them late' :
			'Sample mode: iterations are all counted') +
			'; callbacks are known from samples of late iterations only, so their histograms are no full counts.';
	const budget = data.budget_ppm || (data.self && data.self.budget_ppm);
	if (budget && traced && traced < 0.995 * wall)
		return `Callbacks were timed in bursts: their histograms are of ${formatDuration(traced)} ` +
			`of ${formatDuration(wall)} (${formatShare(traced / wall)}).`;
	return 'Every callback was timed: the histograms are full counts.';
}

function costNote() {
	const { self } = data;

	if (!self || !self.wall_ns)
		return [];
	const share = ns => formatShare(ns / self.wall_ns);
	const budget = self.budget_ppm ? `, under a budget of ${formatShare(self.budget_ppm / 1e6)}` : '';

	return [`loopprof itself took ${share(self.cpu_ns)} of a CPU and ${formatBytes(self.resident_bytes)}, ` +
		`its probes cost the targets ${share(self.probe_ns)} and the host ${share(self.hook_ns)}${budget}.`];
}

function lostNotes(loops) {
	const notes = data.lost.map(text => `${text}.`);
	const suppressed = loops.reduce((sum, loop) => sum + loop.suppressed, 0);

	if (suppressed)
		notes.push(`${plural(suppressed, 'slow callback')} came too fast to be reported one by one; they are counted.`);
	if (data.omitted)
		notes.push(`${plural(data.omitted, 'stall')} (${formatDuration(data.omitted_ns)} in all) did not ` +
			'fit into this page, which has the worst ones, and the first of each callback.');
	if (data.loops_omitted)
		notes.push(`${plural(data.loops_omitted, 'loop')} did not fit into this page.`);
	if (data.findings_omitted)
		notes.push(`${plural(data.findings_omitted, 'finding')} at places over the limit of the list.`);
	if (data.no_memory)
		notes.push('Memory ran out while this page was made: stalls are missing.');
	return notes;
}

// How processes ended, by reason.
function endNotes() {
	return data.ends.map(end => `Processes that ended by ${end.reason}: ${formatCount(end.count)}` +
		(end.stalled ? `, ${formatCount(end.stalled)} of them during a stall (up to ` +
			`${formatDuration(end.longest_us * 1000)})` : '') + '.');
}

// The callbacks that run in about each iteration of a loop; in sample mode the one that samples show most.
function repeatedCallbacks(loop) {
	const most = [...loop.callbacks].sort((a, b) => b.run.count - a.run.count);

	return (data.sampled ? most.slice(0, 1) : most.filter(one => loop.iterations && one.run.count >= 0.9 * loop.iterations).slice(0, 3))
		.map(one => callbackOf(one.callback))
		.map(callback => callback.file ? `${callback.name} (${formatPlace(callback.file, callback.line)})` :
			callback.name);
}

// Loops that something keeps awake.
function awakeNotes(loops) {
	return loops.filter(loop => loop.never_waits).map(loop => {
		const callbacks = repeatedCallbacks(loop);

		return `${loop.name} is always busy${loop.awake_ns ? ` for ${formatDuration(loop.awake_ns)}` : ''}: ` +
			(loop.waited_only ? '' : `${formatCount(loop.awake_rate)} iterations/s, `) +
			`each poll returns at once${loop.awake ? ` with ${loop.awake}` : ''}` +
			(callbacks.length ? `; ${data.sampled ? 'most samples show' : 'in each iteration:'} ` +
				callbacks.join('; ') : '') + '.';
	});
}

function drawCoverage() {
	const loops = data.realLoops.filter(loop => loop.summarised);
	const lost = lostNotes(loops);
	const list = make('ul', {}, ...[coverageNote(loops), ...costNote(), ...endNotes()].map(text => make('li', { text })),
		...[...awakeNotes(loops), ...lost].map(text => make('li', { kind: 'warning', text })));

	if (!lost.length)
		list.append(make('li', { text: 'Nothing was lost.' }));
	byId('coverage').replaceChildren(list);
}
