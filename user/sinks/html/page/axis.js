// SPDX-License-Identifier: BSD-2-Clause
// What all charts over time have in common: their plot area, their axes, and the mouse and
// keys that move through time.

const margin = { left: 68, right: 14, top: 8, bottom: 24 };
const axisFont = '12px system-ui, sans-serif';

// Whole seconds, minutes, hours: what a clock shows at a line.
const timeSteps = [1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7,
	15e6, 3e7, 6e7, 12e7, 3e8, 6e8, 9e8, 18e8, 36e8, 72e8, 108e8, 216e8, 432e8, 864e8, 2 * 864e8,
	7 * 864e8];

function clockDigits(step) {
	return step >= 1e6 ? 0 : step >= 1e3 ? 3 : 6;
}

// Sizes a canvas for its place and the screen's density; all that is drawn is in CSS pixels.
function prepare(canvas, height) {
	const width = Math.max(280, canvas.clientWidth);
	const density = Math.min(3, devicePixelRatio || 1);
	const context = canvas.getContext('2d');

	canvas.style.height = `${height}px`;
	if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
		canvas.width = Math.round(width * density);
		canvas.height = Math.round(height * density);
	}
	context.setTransform(density, 0, 0, density, 0, 0);
	context.clearRect(0, 0, width, height);
	context.font = axisFont;
	return { context, width, height, left: margin.left, right: width - margin.right,
		top: margin.top, bottom: height - margin.bottom };
}

// What is drawn from here on shows in the plot area only, until the context is restored.
function clipTo({ context, left, top, right, bottom }) {
	context.beginPath();
	context.rect(left, top, right - left, bottom - top);
	context.clip();
}

function timeToX(area, us) {
	return area.left + (us - view.from) / (view.to - view.from) * (area.right - area.left);
}

function xToTime(area, x) {
	return view.from + (x - area.left) / (area.right - area.left) * (view.to - view.from);
}

function line(context, fromX, fromY, toX, toY) {
	context.beginPath();
	context.moveTo(fromX, fromY);
	context.lineTo(toX, toY);
	context.stroke();
}

// Instants of round numbers in the range, in the reader's zone.
function timeTicks(area) {
	const most = Math.max(2, Math.floor((area.right - area.left) / 110));
	const wanted = (view.to - view.from) / most;
	const step = timeSteps.find(candidate => candidate >= wanted) || timeSteps[timeSteps.length - 1];
	const zone = new Date(view.from / 1000).getTimezoneOffset() * 6e7;
	const ticks = [];

	for (let us = Math.ceil((view.from - zone) / step) * step + zone; us <= view.to; us += step)
		ticks.push(us);
	return { ticks, step };
}

function drawTimeAxis(area) {
	const { context } = area;
	const { ticks, step } = timeTicks(area);

	context.strokeStyle = colour('--grid');
	context.lineWidth = 1;
	context.fillStyle = colour('--muted');
	context.textBaseline = 'top';
	for (const us of ticks) {
		const x = Math.round(timeToX(area, us)) + 0.5;
		const text = step >= 864e8 ? formatDay(us).slice(5) : formatClock(us, clockDigits(step));
		const half = context.measureText(text).width / 2;

		line(context, x, area.top, x, area.bottom + 4);
		context.textAlign = 'center';
		// a label may extend past the plot, but not past the chart
		context.fillText(text, Math.min(area.width - half - 1, Math.max(half + 1, x)), area.bottom + 7);
	}
}

// A logarithmic axis of times, upwards; from and to in ns.
function logToY(area, ns, from, to) {
	const share = (Math.log(Math.max(ns, from)) - Math.log(from)) / (Math.log(to) - Math.log(from));

	return area.bottom - Math.min(1, share) * (area.bottom - area.top);
}

function drawLogAxis(area, from, to) {
	const { context } = area;
	const room = (area.bottom - area.top) / Math.log10(to / from); // of a decade
	let last = Infinity;

	context.textAlign = 'right';
	context.textBaseline = 'middle';
	for (let decade = 10 ** Math.floor(Math.log10(from)); decade <= to * 1.0001; decade *= 10) {
		for (const part of [1, 2, 5]) {
			const ns = decade * part;
			const y = Math.round(logToY(area, ns, from, to)) + 0.5;

			if (ns < from || ns > to * 1.0001 || (part > 1 && room < 60))
				continue;
			context.strokeStyle = colour('--grid');
			line(context, area.left, y, area.right, y);
			if (last - y < 15)
				continue;
			context.fillStyle = colour('--muted');
			// the time axis has its words right below
			context.fillText(roundDuration(ns), area.left - 8, Math.min(y, area.bottom - 6));
			last = y;
		}
	}
}

// "10 ms", without digits that mean nothing.
function roundDuration(ns) {
	return formatDuration(ns).replace(/\.0+(?= )/, '').replace(/(\.\d*?)0+(?= )/, '$1');
}

// The dashed line from which on a callback is slow.
function drawThreshold(area, from, to) {
	const { context } = area;

	if (data.threshold_ns <= from || data.threshold_ns >= to)
		return;
	const y = Math.round(logToY(area, data.threshold_ns, from, to)) + 0.5;

	context.save();
	context.strokeStyle = colour('--text');
	context.setLineDash([5, 4]);
	context.globalAlpha = 0.7;
	line(context, area.left, y, area.right, y);
	context.restore();
	drawTag(area, `slow from ${roundDuration(data.threshold_ns)}`, area.right - 4, y + 18);
}

// A word on the plot, on a ground of its own so that it can be read anywhere.
function drawTag(area, text, right, bottom) {
	const { context } = area;
	const width = context.measureText(text).width + 8;

	context.fillStyle = colour('--panel');
	context.globalAlpha = 0.85;
	context.fillRect(right - width, bottom - 16, width, 15);
	context.globalAlpha = 1;
	context.fillStyle = colour('--text');
	context.textAlign = 'left';
	context.textBaseline = 'middle';
	context.fillText(text, right - width + 4, bottom - 8);
}

function drawFrame(area) {
	const { context } = area;

	context.strokeStyle = colour('--line');
	context.strokeRect(area.left + 0.5, area.top + 0.5, area.right - area.left - 1,
		area.bottom - area.top - 1);
}

function drawNothing(area, text) {
	const { context } = area;

	context.fillStyle = colour('--muted');
	context.textAlign = 'center';
	context.textBaseline = 'middle';
	context.fillText(text, (area.left + area.right) / 2, (area.top + area.bottom) / 2);
}

// ---- moving through time ------------------------------------------------------------

let brush = null; // what is being dragged: { canvas, from, to } in pixels

function drawBrush(canvas, area) {
	if (!brush || brush.moves || brush.canvas !== canvas)
		return;
	area.context.fillStyle = colour('--brush');
	area.context.fillRect(Math.min(brush.from, brush.to), area.top,
		Math.abs(brush.to - brush.from), area.bottom - area.top);
}

// area: returns the plot area; click: what a click without a drag does; hover: what is there
function attachTime(canvas, area, click, hover) {
	const at = event => event.clientX - canvas.getBoundingClientRect().left;

	canvas.addEventListener('pointerdown', event => {
		if (event.button)
			return;
		canvas.setPointerCapture(event.pointerId);
		brush = { canvas, from: at(event), to: at(event), moves: event.shiftKey,
			start: [view.from, view.to] };
	});
	canvas.addEventListener('pointermove', event => {
		if (!brush || brush.canvas !== canvas) {
			hover(event);
			return;
		}
		brush.to = at(event);
		hideTooltip();
		if (brush.moves) {
			const [from, to] = brush.start;
			const by = (brush.from - brush.to) / (area().right - area().left) * (to - from);

			setRange(from + by, to + by);
		} else {
			changed('brush');
		}
	});
	canvas.addEventListener('pointerup', event => {
		const done = brush;

		brush = null;
		if (!done || done.moves)
			return;
		if (Math.abs(done.to - done.from) < 5)
			click(event);
		else
			setRange(xToTime(area(), Math.min(done.from, done.to)),
				xToTime(area(), Math.max(done.from, done.to)));
	});
	canvas.addEventListener('pointercancel', () => {
		brush = null;
		changed('brush');
	});
	canvas.addEventListener('pointerleave', hideTooltip);
	canvas.addEventListener('dblclick', resetRange);
	// without a key the wheel scrolls the page, as it does everywhere
	canvas.addEventListener('wheel', event => {
		if (event.ctrlKey || event.metaKey) {
			event.preventDefault();
			zoom(event.deltaY > 0 ? 1.25 : 0.8, xToTime(area(), at(event)));
		} else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
			event.preventDefault();
			pan(event.deltaX / 600);
		}
	}, { passive: false });
	canvas.addEventListener('keydown', event => {
		if (moveByKey(event))
			event.preventDefault();
	});
}

// True if the key was one of these.
function moveByKey(event) {
	const keys = {
		ArrowRight: () => event.shiftKey ? pan(0.2) : stepStall(1),
		ArrowLeft: () => event.shiftKey ? pan(-0.2) : stepStall(-1),
		Home: () => view.stalls.length && selectStall(view.stalls[0]),
		End: () => view.stalls.length && selectStall(view.stalls[view.stalls.length - 1]),
		Enter: () => view.selected >= 0 && openStall(view.selected),
		'+': () => zoom(0.5, selectedTime()),
		'=': () => zoom(0.5, selectedTime()),
		'-': () => zoom(2, selectedTime()),
		0: resetRange,
	};

	if (event.ctrlKey || event.altKey || event.metaKey || !keys[event.key])
		return false;
	keys[event.key]();
	return true;
}

function selectedTime() {
	return view.selected >= 0 ? data.stalls.start[view.selected] : undefined;
}
