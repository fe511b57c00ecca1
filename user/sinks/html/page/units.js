// SPDX-License-Identifier: BSD-2-Clause
// Numbers as people read them. Times are in nanoseconds, instants in microseconds since 1970.

const steps = [[1, 'ns'], [1e3, '\u00b5s'], [1e6, 'ms'], [1e9, 's']];

// Three digits and a unit: "312 ms", "9.02 s"; an hour and more in hours.
function formatDuration(ns) {
	if (!ns)
		return '0';
	if (ns >= 3600e9)
		return `${(ns / 3600e9).toFixed(ns >= 36000e9 ? 1 : 2)} h`;
	let [unit, name] = steps[0];

	for (const step of steps)
		// 999.6 us rounds to 1.00 ms
		if (ns >= step[0] * 0.9995)
			[unit, name] = step;
	const value = ns / unit;

	if (unit === 1)
		return `${Math.round(value)} ${name}`;
	return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${name}`;
}

function formatCount(count) {
	// toLocaleString() is much slower, and tables ask often
	return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

function formatShare(share) {
	const percent = 100 * share;

	if (percent > 0 && percent < 0.1)
		return '< 0.1 %';
	return `${percent.toFixed(percent >= 99.95 || percent === 0 ? 0 : 1)} %`;
}

function formatBytes(bytes) {
	return bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MiB` :
		`${Math.ceil(bytes / 1024)} KiB`;
}

function plural(count, word) {
	return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}

const two = number => String(number).padStart(2, '0');

function formatDay(us) {
	const time = new Date(us / 1000);

	return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

// digits: of the fraction of a second, 0 to 6
function formatClock(us, digits = 3) {
	const time = new Date(Math.floor(us / 1000));
	const fraction = String(Math.floor(us % 1e6)).padStart(6, '0').slice(0, digits);

	return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}` +
		(digits ? `.${fraction}` : '');
}

function formatInstant(us) {
	return `${formatDay(us)} ${formatClock(us)}`;
}

// What the clock of this page is ahead of UTC: the reader's zone, not the host's.
function formatZone(us) {
	const minutes = -new Date(us / 1000).getTimezoneOffset();
	const size = Math.abs(minutes);

	return minutes ? `UTC${minutes < 0 ? '\u2212' : '+'}${two(Math.floor(size / 60))}:` +
		two(size % 60) : 'UTC';
}

// The last parts of a path.
function pathEnd(path, parts = 2) {
	const split = path.split('/');

	return split.length > parts ? split.slice(-parts).join('/') : path;
}

function formatPlace(file, line, parts = 2) {
	return file ? pathEnd(file, parts) + (line ? `:${line}` : '') : '';
}

// ---- the histogram: eight buckets a power of two, as bpf/wire/histogram.h has them ----

const firstExponent = -20;
const bucketsAnOctave = 8;
const lastSlot = 209;

// The longest time that a slot takes, in ns.
function slotEdge(slot) {
	return 1e9 * 2 ** (firstExponent + slot / bucketsAnOctave);
}

// A histogram as html_loops.c writes it.
function readHistogram(raw) {
	if (!raw)
		return { count: 0, sum: 0, min: 0, max: 0, p50: 0, p90: 0, p99: 0, first: 0, slots: [] };
	const [count, sum, min, max, p50, p90, p99, first, slots] = raw;

	return { count, sum, min, max, p50, p90, p99, first, slots };
}

// Exact but for the quantiles, which are edges of buckets as those of one histogram are.
function mergeHistograms(all) {
	const some = all.filter(histogram => histogram.count);

	if (some.length < 2)
		return some[0] || readHistogram(0);
	const first = Math.min(...some.map(histogram => histogram.first));
	const end = Math.max(...some.map(histogram => histogram.first + histogram.slots.length));
	const merged = { count: 0, sum: 0, min: Infinity, max: 0, first,
		slots: new Array(end - first).fill(0) };

	for (const histogram of some) {
		merged.count += histogram.count;
		merged.sum += histogram.sum;
		merged.min = Math.min(merged.min, histogram.min);
		merged.max = Math.max(merged.max, histogram.max);
		histogram.slots.forEach((count, i) => {
			merged.slots[histogram.first - first + i] += count;
		});
	}
	merged.p50 = quantile(merged, 0.5);
	merged.p90 = quantile(merged, 0.9);
	merged.p99 = quantile(merged, 0.99);
	return merged;
}

function quantile(histogram, share) {
	const wanted = Math.max(1, Math.ceil(share * histogram.count));
	let counted = 0;

	for (let i = 0; i < histogram.slots.length; i++) {
		counted += histogram.slots[i];
		if (counted >= wanted && histogram.first + i < lastSlot)
			return Math.min(histogram.max,
				Math.max(histogram.min, slotEdge(histogram.first + i)));
	}
	return histogram.max;
}
