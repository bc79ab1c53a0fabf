#include "view/flamegraph.h"

#include "base/escape.h"

#include <string.h>

#define WIDTH 1200	 /* pixels, where nothing else is said */
#define ROW 16		 /* pixels per frame */
#define TOP 60		 /* above the flames */
#define BOTTOM 26	 /* below them */
#define LETTER 7	 /* pixels per letter, about */
#define NARROWEST 0.0004 /* part of the whole below which a frame is not drawn */
#define SHADES 6
#define PART_LETTERS 72 /* of the command line and such in the subtitle */

/* Hues by kind: kernel blue, user orange, JIT green, commands and what has no name grey. */
static const struct hue {
	uint8_t red, green, blue;	   /* the lightest shade */
	uint8_t to_red, to_green, to_blue; /* how much less per shade */
} hues[FRAME_KINDS] = {
	[FRAME_ALL] = { 0xd0, 0xd0, 0xd0, 0, 0, 0 },
	[FRAME_COMM] = { 0xdc, 0xdc, 0xd0, 3, 3, 3 },
	[FRAME_USER] = { 0xff, 0xc0, 0x60, 2, 15, 7 },
	[FRAME_KERNEL] = { 0xa0, 0xcc, 0xff, 12, 7, 4 },
	[FRAME_JIT] = { 0xa8, 0xe0, 0x80, 9, 7, 8 },
	[FRAME_UNNAMED] = { 0xd8, 0xcc, 0xc4, 3, 3, 3 },
};

static const char style[] =
	"text{font:12px sans-serif}svg svg text{font-family:monospace;font-size:11px;"
	"pointer-events:none}svg svg{cursor:pointer}svg svg:hover rect{stroke:#000}"
	"rect{stroke:#fff;stroke-width:.5}#t{font-size:17px}#d,#m{fill:#444}.p{opacity:.5}"
	".h{display:none}.s rect{fill:#d5f}input{width:100%;box-sizing:border-box}";

/*
 * Frames are <svg x=% y width=%> elements, so that zooming only sets two numbers and text is
 * clipped by itself; the first line of a frame's <title> is its name.
 */
static const char script[] =
	"(function(){var r=document.documentElement,$=function(i){return "
	"document.getElementById(i)},"
	"F=[].map.call(r.querySelectorAll('svg svg'),function(e){var t=e.firstChild.textContent,"
	"f={e:e,x:parseFloat(e.getAttribute('x')),w:parseFloat(e.getAttribute('width')),"
	"y:+e.getAttribute('y'),i:t,n:t.split('\\n')[0],l:e.querySelector('text')};"
	"e.onclick=function(){zoom(f)};e.onmouseover=function(){"
	"$('d').textContent=t.replace(/\\n/g,', ')};"
	"e.onmouseout=function(){$('d').textContent=''};return f}),Z=F[0],Q;"
	"function label(f,w){var c=Math.floor((w*r.clientWidth/100-6)/7),n=f.n;"
	"if(!f.l){if(c<3)return;f.l=document.createElementNS(r.namespaceURI,'text');"
	"f.l.setAttribute('x',3);f.l.setAttribute('y',12);f.e.appendChild(f.l)}"
	"f.l.textContent=c<3?'':n.length>c?n.slice(0,c-2)+'..':n}"
	"function zoom(z){Z=z;F.forEach(function(f){var e=.001,x=(f.x-z.x)/z.w*100,w=f.w/z.w*100,"
	"up=f.y>=z.y&&f.x<=z.x+e&&f.x+f.w>=z.x+z.w-e,"
	"on=up||(f.y<z.y&&f.x>=z.x-e&&f.x+f.w<=z.x+z.w+e);if(up){x=0;w=100}"
	"f.e.classList.toggle('h',!on);f.e.classList.toggle('p',up&&f!==z);if(on){"
	"f.e.setAttribute('x',x+'%');f.e.setAttribute('width',w+'%');label(f,w)}})}"
	"function search(q){var re=null,end=0,sum=0;Q=q;if(q)try{re=new RegExp(q)}catch(x){"
	"re={test:function(n){return n.indexOf(q)>=0}}}"
	"F.filter(function(f){var "
	"s=!!re&&f!==F[0]&&re.test(f.n);f.e.classList.toggle('s',s);return s})"
	".sort(function(a,b){return a.x-b.x||b.w-a.w}).forEach(function(f){"
	"var a=Math.max(f.x,end),b=f.x+f.w;if(b>a){sum+=b-a;end=b}});"
	"$('m').textContent=q?'Matched: '+sum.toFixed(2)+'%':''}"
	"var i=$('q').firstElementChild;if(i)i.oninput=function(){search(i.value)};"
	"$('z').onclick=function(){zoom(F[0])};"
	"onkeydown=function(e){if(e.key==='Escape'){zoom(F[0]);if(i)i.value='';search('')}};"
	"r.setAttribute('width','100%');onresize=function(){zoom(Z)};zoom(Z)})()";

struct drawing {
	struct out *out;
	const struct frame *frame;
	double whole;
	uint32_t left_out; /* frames */
	uint32_t deepest;
};

static bool is_drawn(const struct drawing *d, uint32_t i)
{
	return (double)d->frame[i].total >= NARROWEST * d->whole && d->frame[i].total;
}

/* The next frame to draw, or 0. What stands above a frame that is not drawn is not drawn either. */
static uint32_t next_of(const struct drawing *d, uint32_t i, uint32_t *depth)
{
	const struct frame *frame = d->frame;

	if (frame[i].child && is_drawn(d, i)) {
		++*depth;
		return frame[i].child;
	}
	while (i && !frame[i].sibling) {
		i = frame[i].parent;
		--*depth;
	}
	return frame[i].sibling;
}

static void measure(struct drawing *d)
{
	uint32_t i = 0, depth = 0;

	do {
		if (!is_drawn(d, i))
			d->left_out++;
		else if (depth > d->deepest)
			d->deepest = depth;
		i = next_of(d, i, &depth);
	} while (i);
}

static unsigned shade_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return (hash ^ hash >> 16) % SHADES;
}

/* At most so many letters (no more than WIDTH) of a text, whole ones only; ".." for the rest. */
static void write_cut(struct out *out, const char *from, size_t letters)
{
	char text[WIDTH * 4 + 4];
	size_t used = 0, length;

	for (size_t n = strlen(from) > letters ? letters - 2 : letters; n && *from; n--) {
		length = escape_utf8_length(from);
		length = length ? length : 1;
		memcpy(text + used, from, length);
		used += length;
		from += length;
	}
	strcpy(text + used, *from ? ".." : "");
	out_xml(out, text);
}

static void write_label(struct out *out, const char *name, double pixels)
{
	size_t letters = pixels > 6 ? (size_t)((pixels - 6) / LETTER) : 0;

	if (letters < 3)
		return;
	out_string(out, "<text x=\"3\" y=\"12\">");
	write_cut(out, name, letters);
	out_string(out, "</text>");
}

static void write_name(struct out *out, const struct frame *frame)
{
	bool bare = frame->kind == FRAME_UNNAMED && *frame->name != '[';

	out_string(out, bare ? "[" : "");
	out_xml(out, frame->name);
	out_string(out, bare ? "]" : "");
}

static void write_frame(struct drawing *d, uint32_t i, uint32_t depth)
{
	const struct frame *frame = d->frame + i;
	double percent = (double)frame->total / d->whole * 100;

	out_printf(d->out, "<svg x=\"%.3f%%\" y=\"%u\" width=\"%.3f%%\" height=\"%d\"><title>",
		(double)frame->left / d->whole * 100, TOP + (d->deepest - depth) * ROW, percent,
		ROW);
	write_name(d->out, frame);
	out_char(d->out, '\n');
	if (frame->kind >= FRAME_USER && frame->image) {
		out_xml(d->out, frame->image->name);
		out_string(d->out, ", ");
	}
	out_printf(d->out,
		"%u sample%s, %.2f%%</title><rect class=\"k%u%u\" width=\"100%%\" height=\"%d\"/>",
		frame->samples, frame->samples == 1 ? "" : "s", percent, frame->kind,
		shade_of(frame->name), ROW - 1);
	write_label(d->out, frame->name, percent * WIDTH / 100);
	out_string(d->out, "</svg>\n");
}

static void write_frames(struct drawing *d)
{
	uint32_t i = 0, depth = 0;

	do {
		if (is_drawn(d, i))
			write_frame(d, i, depth);
		i = next_of(d, i, &depth);
	} while (i);
}

static void write_style(struct out *out)
{
	out_string(out, "<style>");
	out_string(out, style);
	for (int kind = 0; kind < FRAME_KINDS; kind++)
		for (int shade = 0; shade < SHADES; shade++)
			out_printf(out, ".k%d%d{fill:#%02x%02x%02x}", kind, shade,
				hues[kind].red - shade * hues[kind].to_red,
				hues[kind].green - shade * hues[kind].to_green,
				hues[kind].blue - shade * hues[kind].to_blue);
	out_string(out, "</style>\n");
}

static void write_part(struct out *out, const char *part, bool *any)
{
	if (!part || !*part)
		return;
	out_string(out, *any ? " \302\267 " : "");
	write_cut(out, part, PART_LETTERS);
	*any = true;
}

static void write_head(struct drawing *d, const struct flamegraph_text *text)
{
	struct out *out = d->out;
	uint32_t height = TOP + (d->deepest + 1) * ROW + BOTTOM;
	bool any = false;

	out_printf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\">\n",
		WIDTH, height);
	write_style(out);
	out_string(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
			"<text id=\"t\" x=\"8\" y=\"24\">");
	out_xml(out, text->title ? text->title : "Flame graph");
	out_string(out, "</text>\n<text x=\"8\" y=\"44\" fill=\"#666\">");
	write_part(out, text->command, &any);
	write_part(out, text->event, &any);
	write_part(out, text->when, &any);
	if (d->left_out)
		out_printf(out, "%s%u frames too narrow to draw", any ? " \302\267 " : "",
			d->left_out);
	out_string(out, "</text>\n");
	out_printf(out, "<text id=\"d\" x=\"8\" y=\"%u\"/>\n", height - 9);
}

static const char tools[] =
	"<text id=\"z\" x=\"66%\" y=\"24\" fill=\"#24c\" cursor=\"pointer\">Reset zoom</text>\n"
	"<text id=\"m\" x=\"66%\" y=\"44\"/>\n"
	"<foreignObject id=\"q\" x=\"76%\" y=\"8\" width=\"23%\" height=\"26\"><input "
	"xmlns=\"http://www.w3.org/1999/xhtml\" placeholder=\"Search (regular expression)\"/>"
	"</foreignObject>\n";

bool flamegraph_write(
	struct out *out, const struct stacks *stacks, const struct flamegraph_text *text)
{
	struct drawing d = { .out = out, .frame = stacks->frame };

	d.whole = (double)stacks->frame[0].total;
	if (!stacks->frame[0].total)
		return false;
	measure(&d);
	write_head(&d, text);
	out_string(out, tools);
	write_frames(&d);
	out_string(out, "<script><![CDATA[");
	out_string(out, script);
	out_string(out, "]]></script>\n</svg>\n");
	return true;
}
