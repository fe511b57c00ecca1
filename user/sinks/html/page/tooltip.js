// SPDX-License-Identifier: BSD-2-Clause
// A few lines beside the pointer. It has nothing that is not elsewhere, too: keys do not reach it.

const tooltip = document.getElementById('tooltip');

function showTooltip(event, lines) {
	tooltip.replaceChildren(...lines.map((text, i) => make(i ? 'div' : 'strong', { text })));
	tooltip.hidden = false;
	const width = tooltip.offsetWidth, height = tooltip.offsetHeight;
	const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 14 :
		event.clientX + 14;

	tooltip.style.left = `${Math.max(4, left)}px`;
	tooltip.style.top = `${Math.max(4, Math.min(innerHeight - height - 4, event.clientY + 14))}px`;
}

function hideTooltip() {
	tooltip.hidden = true;
}

// ---- elements -------------------------------------------------------------------------

// An element with text and attributes; there is no other way to make one in this page.
function make(tag, { text, label, role, kind, ...attributes } = {}, ...children) {
	const element = document.createElement(tag);

	if (text !== undefined)
		element.textContent = text;
	if (label)
		element.setAttribute('aria-label', label);
	if (role)
		element.setAttribute('role', role);
	if (kind)
		element.className = kind;
	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children);
	return element;
}

const byId = id => document.getElementById(id);

function swatch(name) {
	const element = make('span', { kind: 'swatch', 'aria-hidden': 'true' });

	element.style.background = `var(${name})`;
	return element;
}
