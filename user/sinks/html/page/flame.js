// SPDX-License-Identifier: BSD-2-Clause
// Where the stalls in view spent their time: causes, then stacks from the outermost frame
// down. A box is as wide as the time that was spent in it; its colour is its cause.

const flameRow = 22;
const flameLeast = 0.0015; // of the width; what is narrower is not visible
const flameMost = 1500; // boxes
const callFactor = 2 ** 20; // more than there are strings
let flameRoot = null, flameFocus = null;

function flameNode(name, place, cause, parent) {
	return { name, place, cause, parent, us: 0, children: new Map() };
}

function childOf(node, key, name, place) {
	let child = node.children.get(key);

	if (!child) {
		child = flameNode(name, place, node.cause, node);
		node.children.set(key, child);
	}
	return child;
}

/*
 * Adds up the same stack under the same cause first: there are few of those. leaf: what the
 * innermost frame called, as callLeaf() makes it; of small callbacks their number, negative;
 * or 0. Numbers, as 100,000 texts would have to be made and compared.
 */
class FlameSums {
	constructor() {
		this.stacks = new Map();
	}

	add(cause, stack, leaf, us) {
		if (!(us > 0))
			return;
		const key = stack * causes.length + cause;
		let leaves = this.stacks.get(key);

		if (!leaves)
			this.stacks.set(key, leaves = new Map());
		const sum = leaves.get(leaf);

		if (sum)
			sum.us += us;
		else
			leaves.set(leaf, { cause, stack, leaf, us });
	}
}

function callLeaf(name, target) {
	return name * callFactor + target;
}

function leafText(leaf) {
	return leaf < 0 ? `${callbackOf(-leaf).name} (small ones)` :
		callText(data.strings[Math.floor(leaf / callFactor)], data.strings[leaf % callFactor]);
}

// The parts of a stall that add up to it, by cause.
function partsOf(i) {
	const { stalls } = data;

	if (!(stalls.flags[i] & TIME_KNOWN))
		return [0, 0, 0, 0, 0, stalls.duration_us[i]];
	return [stalls.on_cpu_us[i] - stalls.gc_us[i], stalls.blocked_us[i], stalls.gil_us[i],
		stalls.run_queue_us[i], stalls.gc_us[i], 0];
}

function causeOfSample(i, reason, collecting) {
	if (!(data.stalls.flags[i] & TIME_KNOWN))
		return UNKNOWN;
	return reason === REASON_GIL ? GIL : reason === REASON_RUN_QUEUE ? RUN_QUEUE : collecting ? GC : ON_CPU;
}

// Shares a cause's time among its samples.
function addSamples(flame, i, detail, left) {
	const counts = new Array(causes.length).fill(0), times = [...left];

	for (let at = firstPart; at < detail.length; at++) {
		const [kind, count, stack, reason, collecting] = detail[at];

		if (kind === PART_SAMPLE && stack)
			counts[causeOfSample(i, reason, collecting)] += count;
	}
	for (let at = firstPart; at < detail.length; at++) {
		const [kind, count, stack, reason, collecting] = detail[at];

		if (kind !== PART_SAMPLE || !stack)
			continue;
		const cause = causeOfSample(i, reason, collecting);

		flame.add(cause, stack, 0, times[cause] * count / counts[cause]);
		left[cause] -= times[cause] * count / counts[cause];
	}
}

function addBlocked(flame, detail, left) {
	for (let at = firstPart; at < detail.length; at++) {
		const [kind, , stack, us, name, target] = detail[at];

		if (kind !== PART_BLOCKED || left[BLOCKED] <= 0)
			continue;
		const spent = Math.min(us, left[BLOCKED]);

		flame.add(BLOCKED, stack, callLeaf(name, target), spent);
		left[BLOCKED] -= spent;
	}
}

// Of a slow iteration: what its small callbacks took, under what took most of it.
function addSmallOnes(flame, detail, left) {
	for (let at = firstPart; at < detail.length; at++) {
		const [kind, , , us, callback] = detail[at];

		if (kind !== PART_TOP)
			continue;
		const cause = left.indexOf(Math.max(...left));
		const spent = Math.min(us, left[cause]);

		flame.add(cause, 0, -callback, spent);
		left[cause] -= spent;
	}
}

// What is known of a stall's time goes to stacks, the rest to its causes alone.
function addStall(flame, i) {
	const { stalls } = data;
	const left = partsOf(i), detail = data.details.get(i);

	if (detail) {
		addBlocked(flame, detail, left);
		addSamples(flame, i, detail, left);
		addSmallOnes(flame, detail, left);
	} else if (stalls.stack[i]) {
		// stored without its details: its longest part is of its main stack
		const cause = stalls.cause[i] === GC ? GC : left.indexOf(Math.max(...left));

		flame.add(cause, stalls.stack[i], cause === BLOCKED ? callLeaf(stalls.call[i], stalls.target[i]) : 0,
			left[cause]);
		left[cause] = 0;
	}
	left.forEach((us, cause) => flame.add(cause, 0, 0, us));
}

function growFlame(root, { cause, stack, leaf, us }) {
	let node = childOf(root, cause, causes[cause].label, '');
	const { frames, cut } = stackOf(stack);

	root.us += us;
	node.cause = cause;
	node.us += us;
	if (cut) {
		node = childOf(node, 'cut', '(more frames than are read)', '');
		node.us += us;
	}
	for (const frame of frames.reverse()) {
		const place = frame ? formatPlace(frame.file, frame.line) : '';
		const name = frame ? frame.name : '?';

		// lines of one function beside each other
		node = childOf(node, `${name} ${place}`, name, place);
		node.us += us;
	}
	if (leaf) {
		node = childOf(node, `call ${leaf}`, leafText(leaf), '');
		node.us += us;
	}
}

function buildFlame() {
	const root = flameNode('all stalls', '', UNKNOWN, null);
	const flame = new FlameSums();

	for (const i of stallsInRange())
		addStall(flame, i);
	for (const leaves of flame.stacks.values())
		for (const sum of leaves.values())
			growFlame(root, sum);
	return root;
}

function flameText(node) {
	return `${node.name}${node.place ? `  ${node.place}` : ''}: ${formatDuration(1000 * node.us)}, ` +
		`${formatShare(node.us / (flameRoot.us || 1))} of the stalls' time`;
}

function flameBox(node, level, left, width) {
	const box = make('div', { kind: 'flame-box', role: 'treeitem', tabindex: '-1',
		'aria-level': String(level + 1), label: flameText(node), text: node.name });

	box.style.left = `${100 * left}%`;
	box.style.width = `calc(${100 * width}% - 1px)`;
	box.style.top = `${level * flameRow}px`;
	if (node.parent)
		box.style.setProperty('--cause', `var(${causes[node.cause].colour})`);
	else
		box.classList.add('flame-root');
	box.flameNode = node;
	return box;
}

function heaviestFirst(node) {
	return [...node.children.values()].sort((one, other) => other.us - one.us);
}

function layFlame(host) {
	const path = [];
	const boxes = [];
	let deepest = 0;

	for (let node = flameFocus; node; node = node.parent)
		path.unshift(node);
	path.slice(0, -1).forEach((node, level) => {
		const box = flameBox(node, level, 0, 1);

		box.classList.add('flame-above');
		boxes.push(box);
	});
	// widest first, so that the limit takes away what is least
	const queue = [[flameFocus, path.length - 1, 0, 1]];

	while (queue.length && boxes.length < flameMost) {
		const [node, level, left, width] = queue.shift();
		let at = left;

		boxes.push(flameBox(node, level, left, width));
		deepest = Math.max(deepest, level);
		for (const child of heaviestFirst(node)) {
			const share = width * child.us / node.us;

			if (share >= flameLeast)
				queue.push([child, level + 1, at, share]);
			at += share;
		}
	}
	host.style.height = `${(deepest + 1) * flameRow}px`;
	host.replaceChildren(...boxes);
	boxes[path.length - 1].tabIndex = 0;
}

function drawFlame() {
	const host = byId('flame');

	flameRoot = flameFocus = buildFlame();
	byId('flame-note').textContent = flameRoot.us ?
		`${plural(stallsInRange().length, 'stall')}, ${formatDuration(1000 * flameRoot.us)} in all; ` +
		'outermost frame on top, the widest box first' : '';
	if (flameRoot.us) {
		layFlame(host);
	} else {
		host.replaceChildren(make('p', { kind: 'muted', text: 'No stalls in this time.' }));
		host.style.height = 'auto';
	}
	byId('flame-reset').hidden = true;
	byId('flame-status').textContent = '';
}

function focusFlame(node) {
	const host = byId('flame');

	flameFocus = node;
	layFlame(host);
	byId('flame-reset').hidden = !node.parent;
	host.querySelector('[tabindex="0"]').focus({ preventScroll: true });
	byId('flame-status').textContent = flameText(node);
}

// The box that arrow keys go to: up to the caller, down into it, and sideways.
function flameNeighbour(node, key) {
	const beside = node.parent ? heaviestFirst(node.parent) : [node];
	const at = beside.indexOf(node);

	return { ArrowUp: node.parent, ArrowDown: heaviestFirst(node)[0],
		ArrowLeft: beside[at - 1], ArrowRight: beside[at + 1] }[key];
}

function flameKey(event) {
	const node = event.target.flameNode;

	if (!node)
		return;
	if (event.key === 'Enter' || event.key === ' ') {
		focusFlame(node);
	} else if (event.key === 'Escape') {
		focusFlame(flameRoot);
	} else {
		const wanted = flameNeighbour(node, event.key);
		const box = wanted && [...byId('flame').children].find(candidate =>
			candidate.flameNode === wanted);

		if (!event.key.startsWith('Arrow'))
			return;
		if (box) {
			event.target.tabIndex = -1;
			box.tabIndex = 0;
			box.focus();
			byId('flame-status').textContent = flameText(wanted);
		}
	}
	event.preventDefault();
}

function attachFlame() {
	const host = byId('flame');

	host.addEventListener('click', event => event.target.flameNode && focusFlame(event.target.flameNode));
	host.addEventListener('keydown', flameKey);
	host.addEventListener('pointermove', event => {
		const node = event.target.flameNode;

		if (node)
			showTooltip(event, [node.name, ...node.place ? [node.place] : [],
				`${formatDuration(1000 * node.us)}, ${formatShare(node.us / flameRoot.us)} of the ` +
				'stalls\u2019 time']);
		else
			hideTooltip();
	});
	host.addEventListener('pointerleave', hideTooltip);
	byId('flame-reset').addEventListener('click', () => focusFlame(flameRoot));
}
