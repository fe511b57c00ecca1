// SPDX-License-Identifier: BSD-2-Clause
// What the page shows at the moment: which loop, which time, which stall. A part
// of the page that shows it registers with onView(), and is notified of changes once a frame.

const LEAST_RANGE_US = 200;

const view = {
	loop: 0, // 0: all of them together
	from: data.from,
	to: data.to,
	selected: -1, // a stall
	stalls: null, // of the loop, in the order of time
	shortest: Infinity, // of them, in us
	longest: 0,
	widest: 0, // from the start of a stall to its end
};
const watchers = [];
const pending = new Set();

// what: "loop", "range", "selection" or "theme"
function changed(what) {
	if (!pending.size)
		requestAnimationFrame(() => {
			const all = new Set(pending);

			pending.clear();
			for (const watcher of watchers)
				if (watcher.wants.some(want => all.has(want)))
					watcher.draw(all);
		});
	pending.add(what);
}

function onView(wants, draw) {
	watchers.push({ wants, draw });
}

function setLoop(id) {
	const { stalls } = data;
	const chosen = [];

	for (let i = 0; i < stalls.count; i++)
		if (!id || stalls.loop[i] === id)
			chosen.push(i);
	view.loop = id;
	view.stalls = Uint32Array.from(chosen);
	view.shortest = Infinity;
	view.longest = view.widest = 0;
	for (const i of chosen) {
		view.shortest = Math.min(view.shortest, stalls.duration_us[i]);
		view.longest = Math.max(view.longest, stalls.duration_us[i]);
		view.widest = Math.max(view.widest, stalls.end[i] - stalls.start[i]);
	}
	if (view.selected >= 0 && id && stalls.loop[view.selected] !== id)
		view.selected = -1;
	changed('loop');
}

function setRange(from, to) {
	const all = data.to - data.from;
	const size = Math.min(all, Math.max(LEAST_RANGE_US, to - from));
	const middle = (from + to) / 2;

	view.from = Math.min(data.to - size, Math.max(data.from, middle - size / 2));
	view.to = view.from + size;
	changed('range');
}

// factor: below 1 shows less time; around: the instant that stays where it is
function zoom(factor, around = (view.from + view.to) / 2) {
	setRange(around - (around - view.from) * factor, around + (view.to - around) * factor);
}

function pan(share) {
	const by = share * (view.to - view.from);

	setRange(view.from + by, view.to + by);
}

function resetRange() {
	setRange(data.from, data.to);
}

function selectStall(i) {
	const { stalls } = data;

	view.selected = i;
	if (i >= 0 && (stalls.end[i] < view.from || stalls.start[i] > view.to)) {
		const half = (view.to - view.from) / 2;

		setRange(stalls.start[i] - half, stalls.start[i] + half);
	}
	changed('selection');
}

// The first of view.stalls that begins at or after an instant.
function firstStallFrom(us) {
	let low = 0, high = view.stalls.length;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (data.stalls.start[view.stalls[middle]] < us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The stalls that begin in the range.
function stallsInRange() {
	return view.stalls.subarray(firstStallFrom(view.from), firstStallFrom(view.to + 1));
}

// by: how many stalls on, or back
function stepStall(by) {
	const { stalls } = view;

	if (!stalls.length)
		return;
	let at = view.selected >= 0 ? stalls.indexOf(view.selected) + by : firstStallFrom(view.from);

	at = Math.min(stalls.length - 1, Math.max(0, at));
	selectStall(stalls[at]);
}

function chosenLoops() {
	return view.loop ? data.loops.filter(loop => loop.id === view.loop) : data.loops;
}

// ---- light and dark -----------------------------------------------------------------

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const themes = ['auto', 'light', 'dark'];
let printing = false;

function isDark() {
	const chosen = document.documentElement.dataset.theme;

	return !printing && (chosen === 'dark' || (chosen === 'auto' && systemDark.matches));
}

// A colour of the style sheet, for what is painted.
function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function nextTheme() {
	const root = document.documentElement;

	root.dataset.theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
	changed('theme');
	return root.dataset.theme;
}

systemDark.addEventListener('change', () => changed('theme'));
