// SPDX-License-Identifier: BSD-2-Clause
// Each stall by its start and its duration. A mark is as wide as the time from its start to its
// end, once that is visible; what would be painted over itself is painted once, so that 100,000 are
// quick.

const timelineCanvas = byId('timeline');
const timelineHeight = 250;
const leastMark = 4; // pixels
const reach = 8; // of a click
let timeline = null;

function durationRange() {
	const low = Math.min(data.threshold_ns || Infinity, 1000 * view.shortest);
	const high = 1000 * view.longest;

	if (!high)
		return [low === Infinity ? 1e6 : low * 0.7, low === Infinity ? 1e9 : low * 20];
	// at least a decade: a few stalls of one length are no cloud
	return [Math.max(1000, low * 0.6), Math.max(high * 1.5, low * 7)];
}

// All that reach into the range: one may have begun long before it.
function firstVisible() {
	return firstStallFrom(view.from - view.widest);
}

function markOf(i) {
	const { area, from, to } = timeline;
	const { stalls } = data;
	const left = timeToX(area, stalls.start[i]);
	const width = (stalls.end[i] - stalls.start[i]) / (view.to - view.from) * (area.right - area.left);

	return { left, width: Math.max(leastMark, width),
		y: logToY(area, 1000 * stalls.duration_us[i], from, to) };
}

function drawMarks(area) {
	const { context } = area;
	const { stalls } = data;
	const colours = causes.map(cause => colour(cause.colour));
	const rows = Math.ceil(area.height);
	const drawn = new Uint8Array(Math.ceil(area.width / 2) * rows);
	let cause = -1;

	context.save();
	clipTo(area);
	for (let at = firstVisible(); at < view.stalls.length; at++) {
		const i = view.stalls[at];

		if (stalls.start[i] > view.to)
			break;
		if (stalls.end[i] < view.from)
			continue;
		const { left, width, y } = markOf(i);

		if (width <= leastMark) {
			const cell = (Math.max(0, left) >> 1) * rows + Math.round(y);
			const bit = 1 << stalls.cause[i];

			if (drawn[cell] & bit)
				continue;
			drawn[cell] |= bit;
		}
		if (stalls.cause[i] !== cause) {
			cause = stalls.cause[i];
			context.fillStyle = colours[cause];
		}
		context.fillRect(left, y - leastMark / 2, width, leastMark);
	}
	context.restore();
}

function drawSelected(area) {
	if (view.selected < 0)
		return;
	const { left, width, y } = markOf(view.selected);

	if (left > area.right || left + width < area.left)
		return;
	area.context.strokeStyle = colour('--focus');
	area.context.lineWidth = 2;
	area.context.strokeRect(Math.max(area.left, left) - 4, y - 7,
		Math.min(width, area.right - left) + 8, 14);
	area.context.lineWidth = 1;
}

function drawTimeline() {
	const area = prepare(timelineCanvas, timelineHeight);
	const [from, to] = durationRange();

	timeline = { area, from, to };
	drawLogAxis(area, from, to);
	drawTimeAxis(area);
	drawThreshold(area, from, to);
	if (view.stalls.length)
		drawMarks(area);
	else
		drawNothing(area, 'no stalls');
	drawSelected(area);
	drawFrame(area);
	drawBrush(timelineCanvas, area);
	timelineCanvas.setAttribute('aria-label', `Time line of ${plural(stallsInRange().length, 'stall')} ` +
		`from ${formatInstant(view.from)} to ${formatClock(view.to)}. Arrow keys step through ` +
		'them, Enter opens one. A table follows below.');
}

// The nearest one within reach; -1: none.
function stallAt(event) {
	const box = timelineCanvas.getBoundingClientRect();
	const x = event.clientX - box.left, y = event.clientY - box.top;
	let best = -1, least = reach * reach;

	for (let at = firstVisible(); at < view.stalls.length; at++) {
		const i = view.stalls[at];

		if (data.stalls.start[i] > view.to)
			break;
		const mark = markOf(i);
		const across = Math.max(0, mark.left - x, x - mark.left - mark.width);
		const distance = across * across + (mark.y - y) * (mark.y - y);

		if (distance < least) {
			least = distance;
			best = i;
		}
	}
	return best;
}

function hoverTimeline(event) {
	const i = stallAt(event);

	timelineCanvas.style.cursor = i < 0 ? 'crosshair' : 'pointer';
	if (i < 0) {
		hideTooltip();
		return;
	}
	const { stalls } = data;
	const task = data.strings[stalls.task_name[i]];
	const call = stalls.call[i] && stalls.cause[i] === BLOCKED ?
		`: ${callText(data.strings[stalls.call[i]], data.strings[stalls.target[i]])}` : '';

	showTooltip(event, [`${formatDuration(1000 * stalls.duration_us[i])}  ${stallName(i)}`,
		...task ? [`task '${task}'`] : [], `${causes[stalls.cause[i]].label}${call}`,
		formatClock(stalls.start[i])]);
}

function clickTimeline(event) {
	const i = stallAt(event);

	if (i < 0)
		return;
	selectStall(i);
	openStall(i);
}

// For who does not see the ring move.
function announceSelected() {
	const i = view.selected;

	byId('timeline-status').textContent = i < 0 ? '' :
		`${formatClock(data.stalls.start[i])}, ${formatDuration(1000 * data.stalls.duration_us[i])}, ` +
		`${stallName(i)}, ${causes[data.stalls.cause[i]].label}`;
}

function drawCausesLegend() {
	const times = new Array(causes.length).fill(0);

	for (const i of stallsInRange())
		times[data.stalls.cause[i]]++;
	byId('causes-legend').replaceChildren(...causes.flatMap((cause, k) => times[k] ?
		[make('span', { kind: 'key' }, swatch(cause.colour),
			make('span', { text: `${cause.label} (${formatCount(times[k])})` }))] : []));
}
