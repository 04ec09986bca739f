// node_modules/svelte/src/internal/shared/utils.js
var e = Array.isArray, t = Array.prototype.indexOf, n = Array.prototype.includes, r = Array.from, i = Object.defineProperty, a = Object.getOwnPropertyDescriptor, o = Object.getOwnPropertyDescriptors, s = Object.prototype, c = Array.prototype, l = Object.getPrototypeOf, u = Object.isExtensible, d = () => {};
function f(e) {
	for (var t = 0; t < e.length; t++) e[t]();
}
function p() {
	var e, t;
	return {
		promise: new Promise((n, r) => {
			e = n, t = r;
		}),
		resolve: e,
		reject: t
	};
}
function m(e, t) {
	if (Array.isArray(e)) return e;
	if (t === void 0 || !(Symbol.iterator in e)) return Array.from(e);
	let n = [];
	for (let r of e) if (n.push(r), n.length === t) break;
	return n;
}
var h = 1024, g = 2048, _ = 4096, v = 8192, y = 16384, b = 32768, x = 1 << 25, S = 65536, ee = 1 << 19, te = 1 << 20, ne = 1 << 25, re = 1 << 21, ie = 1 << 22, ae = 1 << 23, oe = Symbol("$state"), se = Symbol("component"), ce = Symbol("legacy props"), le = Symbol(""), ue = Symbol("attributes"), de = Symbol("class"), fe = Symbol("style"), pe = Symbol("text"), me = Symbol("form reset"), C = new class extends Error {
	name = "StaleReactionError";
	message = "The reaction that called `getAbortSignal()` was re-run or destroyed";
}(), he = !!globalThis.document?.contentType && /* @__PURE__ */ globalThis.document.contentType.includes("xml"), ge = {}, w = Symbol("uninitialized"), _e = "http://www.w3.org/1999/xhtml";
function ve() {
	console.warn("https://svelte.dev/e/derived_inert");
}
function ye(e) {
	console.warn("https://svelte.dev/e/hydration_mismatch");
}
function be() {
	console.warn("https://svelte.dev/e/select_multiple_invalid_value");
}
function xe() {
	console.warn("https://svelte.dev/e/svelte_boundary_reset_noop");
}
// node_modules/svelte/src/internal/client/dom/hydration.js
var T = !1;
function Se(e) {
	T = e;
}
var E;
function D(e) {
	if (e === null) throw ye(), ge;
	return E = e;
}
function Ce() {
	return D(/* @__PURE__ */ rn(E));
}
function O(e) {
	if (T) {
		if (/* @__PURE__ */ rn(E) !== null) throw ye(), ge;
		E = e;
	}
}
function we(e = 1) {
	if (T) {
		for (var t = e, n = E; t--;) n = /* @__PURE__ */ rn(n);
		E = n;
	}
}
function Te(e = !0) {
	for (var t = 0, n = E;;) {
		if (n.nodeType === 8) {
			var r = n.data;
			if (r === "]") {
				if (t === 0) return n;
				--t;
			} else (r === "[" || r === "[!" || r[0] === "[" && !isNaN(Number(r.slice(1)))) && (t += 1);
		}
		var i = /* @__PURE__ */ rn(n);
		e && n.remove(), n = i;
	}
}
function Ee(e) {
	if (!e || e.nodeType !== 8) throw ye(), ge;
	return e.data;
}
// node_modules/svelte/src/internal/client/reactivity/equality.js
function De(e) {
	return e === this.v;
}
function Oe(e, t) {
	return e == e ? e !== t || typeof e == "object" && !!e || typeof e == "function" : t == t;
}
function ke(e) {
	return !Oe(e, this.v);
}
// node_modules/svelte/src/internal/shared/errors.js
function Ae(e) {
	throw Error("https://svelte.dev/e/lifecycle_outside_component");
}
// node_modules/svelte/src/internal/client/errors.js
function je() {
	throw Error("https://svelte.dev/e/async_derived_orphan");
}
function Me(e, t, n) {
	throw Error("https://svelte.dev/e/each_key_duplicate");
}
function Ne(e) {
	throw Error("https://svelte.dev/e/effect_in_teardown");
}
function Pe() {
	throw Error("https://svelte.dev/e/effect_in_unowned_derived");
}
function Fe(e) {
	throw Error("https://svelte.dev/e/effect_orphan");
}
function Ie() {
	throw Error("https://svelte.dev/e/effect_update_depth_exceeded");
}
function Le(e) {
	throw Error("https://svelte.dev/e/props_invalid_value");
}
function Re() {
	throw Error("https://svelte.dev/e/state_descriptors_fixed");
}
function ze() {
	throw Error("https://svelte.dev/e/state_prototype_fixed");
}
function Be() {
	throw Error("https://svelte.dev/e/state_unsafe_mutation");
}
function Ve() {
	throw Error("https://svelte.dev/e/svelte_boundary_reset_onerror");
}
// node_modules/svelte/src/internal/client/context.js
var k = null;
function He(e) {
	k = e;
}
function Ue(e, t = !1, n) {
	k = {
		p: k,
		i: !1,
		c: null,
		e: null,
		s: e,
		x: null,
		r: U,
		l: null
	};
}
function We(e) {
	var t = k, n = t.e;
	if (n !== null) {
		t.e = null;
		for (var r of n) vn(r);
	}
	return e !== void 0 && (t.x = e), t.i = !0, k = t.p, Ge(e);
}
function Ge(e = {}) {
	return i(e, se, { value: !0 }), e;
}
function Ke() {
	return !0;
}
// node_modules/svelte/src/internal/client/dom/task.js
var qe = [];
function Je() {
	var e = qe;
	qe = [], f(e);
}
function Ye(e) {
	if (qe.length === 0 && !xt) {
		var t = qe;
		queueMicrotask(() => {
			t === qe && Je();
		});
	}
	qe.push(e);
}
function Xe() {
	for (; qe.length > 0;) Je();
}
// node_modules/svelte/src/internal/client/reactivity/status.js
var Ze = ~(g | _ | h);
function A(e, t) {
	e.f = e.f & Ze | t;
}
function Qe(e) {
	e.f & 512 || e.deps === null ? A(e, h) : A(e, _);
}
// node_modules/svelte/src/internal/client/reactivity/utils.js
function $e(e, t) {
	e.f & 2048 ? t.set(e, g) : e.f & 4096 && t.get(e) !== 2048 && t.set(e, _), A(e, h);
}
// node_modules/svelte/src/internal/client/dom/elements/misc.js
var et = !1;
function tt() {
	et || (et = !0, document.addEventListener("reset", (e) => {
		Promise.resolve().then(() => {
			if (!e.defaultPrevented) for (let t of e.target.elements) t[me]?.();
		});
	}, { capture: !0 }));
}
// node_modules/svelte/src/internal/client/dom/elements/bindings/shared.js
function nt(e) {
	var t = V, n = U;
	H(null), Rn(null);
	try {
		return e();
	} finally {
		H(t), Rn(n);
	}
}
function rt(e, t, n, r = n) {
	e.addEventListener(t, () => nt(n));
	let i = e[me];
	e[me] = i ? () => {
		i(), r(!0);
	} : () => r(!0), tt();
}
// node_modules/svelte/src/internal/client/reactivity/async.js
function it(e, t, n, r) {
	let i = Ke() ? ct : dt;
	var a = e.filter((e) => !e.settled), o = t.map(i);
	if (n.length === 0 && a.length === 0) {
		r(o);
		return;
	}
	var s = U, c = at(), l = a.length === 1 ? a[0].promise : a.length > 1 ? Promise.all(a.map((e) => e.promise)) : null;
	function u(e) {
		if (!(s.f & 16384)) {
			c();
			try {
				r([...o, ...e]);
			} catch (e) {
				dn(e, s);
			}
			ot();
		}
	}
	var d = st();
	if (n.length === 0) {
		l.then(() => u([])).finally(d);
		return;
	}
	function f() {
		Promise.all(n.map((e) => /* @__PURE__ */ ut(e))).then(u).catch((e) => dn(e, s)).finally(d);
	}
	l ? l.then(() => {
		s.f & 16384 ? d() : (c(), f(), ot());
	}) : f();
}
function at() {
	var e = U, t = V, n = k, r = M;
	return function(i = !0) {
		Rn(e), H(t), He(n), i && !(e.f & 16384) && (r?.activate(), r?.apply());
	};
}
function ot(e = !0) {
	Rn(null), H(null), He(null), e && M?.deactivate();
}
function st() {
	var e = U, t = e.b, n = M, r = !!t?.is_rendered();
	return t?.update_pending_count(1, n), n.increment(r, e), () => {
		t?.update_pending_count(-1, n), n.decrement(r, e);
	};
}
/*#__NO_SIDE_EFFECTS__*/
function ct(e) {
	var t = 2 | g;
	return U !== null && (U.f |= ee), {
		ctx: k,
		deps: null,
		effects: null,
		equals: De,
		f: t,
		fn: e,
		reactions: null,
		rv: 0,
		v: w,
		wv: 0,
		parent: U,
		ac: null
	};
}
var lt = Symbol("obsolete");
/*#__NO_SIDE_EFFECTS__*/
function ut(e, t, n) {
	let r = U;
	r === null && je();
	var i = void 0, a = Rt(w), o = !V, s = /* @__PURE__ */ new Set();
	return xn(() => {
		var t = U, n = p();
		i = n.promise;
		try {
			Promise.resolve(e()).then(n.resolve, (e) => {
				e !== C && n.reject(e);
			}).finally(ot);
		} catch (e) {
			n.reject(e), ot();
		}
		var c = M;
		if (o) {
			if (t.f & 32768) var l = st();
			if (r.b?.is_rendered()) c.async_deriveds.get(t)?.reject(lt);
			else for (let e of s.values()) e.reject(lt);
			s.add(n), c.async_deriveds.set(t, n);
		}
		let u = (e, t = void 0) => {
			l?.(), s.delete(n), t !== lt && (c.activate(), t ? (a.f |= ae, Ht(a, t)) : (a.f & 8388608 && (a.f ^= ae), Ht(a, e)), c.deactivate());
		};
		n.promise.then(u, (e) => u(null, e || "unknown"));
	}), gn(() => {
		for (let e of s) e.reject(lt);
	}), new Promise((e) => {
		function t(n) {
			function r() {
				n === i ? e(a) : t(i);
			}
			n.then(r, r);
		}
		t(i);
	});
}
/*#__NO_SIDE_EFFECTS__*/
function j(e) {
	let t = /* @__PURE__ */ ct(e);
	return Bn(t), t;
}
/*#__NO_SIDE_EFFECTS__*/
function dt(e) {
	let t = /* @__PURE__ */ ct(e);
	return t.equals = ke, t;
}
function ft(e) {
	var t = e.effects;
	if (t !== null) {
		e.effects = null;
		for (var n = 0; n < t.length; n += 1) B(t[n]);
	}
}
function pt(e) {
	var t, n = U, r = e.parent;
	if (!Fn && r !== null && e.v !== w && r.f & 24576) return ve(), e.v;
	Rn(r);
	try {
		ft(e), t = Xn(e);
	} finally {
		Rn(n);
	}
	return t;
}
function mt(e) {
	var t = pt(e);
	!e.equals(t) && (e.wv = qn(), (!M?.is_fork || e.deps === null) && (M === null ? e.v = t : (M.capture(e, t, !0), vt?.capture(e, t, !0)), e.deps === null)) ? A(e, h) : Fn || (yt === null ? Qe(e) : (hn() || M?.is_fork) && yt.set(e, t));
}
function ht(e) {
	if (e.effects !== null) for (let t of e.effects) (t.teardown || t.ac) && (t.teardown?.(), t.ac !== null && nt(() => {
		t.ac.abort(C), t.ac = null;
	}), t.fn !== null && (t.teardown = d), $n(t, 0), Tn(t));
}
function gt(e) {
	if (e.effects !== null) for (let t of e.effects) t.teardown && t.fn !== null && er(t);
}
// node_modules/svelte/src/internal/client/reactivity/batch.js
var _t = null, M = null, vt = null, yt = null, bt = null, xt = !1, St = !1, Ct = null, wt = null, Tt = 0, Et = 1, Dt = class e {
	id = Et++;
	started = !1;
	linked = !0;
	prev = null;
	next = null;
	async_deriveds = /* @__PURE__ */ new Map();
	current = /* @__PURE__ */ new Map();
	previous = /* @__PURE__ */ new Map();
	#e = /* @__PURE__ */ new Set();
	#t = /* @__PURE__ */ new Set();
	#n = 0;
	#r = /* @__PURE__ */ new Map();
	#i = null;
	#a = [];
	#o = [];
	#s = /* @__PURE__ */ new Map();
	#c = /* @__PURE__ */ new Map();
	#l = /* @__PURE__ */ new Set();
	is_fork = !1;
	#u = !1;
	constructor() {
		_t === null ? _t = this : (_t.next = this, this.prev = _t), _t = this;
	}
	#d() {
		if (this.is_fork) return !0;
		for (let e of this.#r.keys()) if (!this.#f(e)) return !0;
		return !1;
	}
	#f(e) {
		for (var t = e; t !== null; t = t.parent) if (this.#c.has(t)) return !0;
		return !1;
	}
	skip_effect(e) {
		this.#c.has(e) || this.#c.set(e, {
			d: [],
			m: []
		}), this.#l.delete(e);
	}
	unskip_effect(e, t = (e) => this.schedule(e)) {
		var n = this.#c.get(e);
		if (n) {
			this.#c.delete(e);
			for (var r of n.d) A(r, g), t(r);
			for (r of n.m) A(r, _), t(r);
		}
		this.#l.add(e);
	}
	#p() {
		var e = [];
		for (let i of this.#a) if (!(i.f & 16384 || !(i.f & 6144))) {
			for (var t = i, n = !1; t.parent !== null;) {
				t = t.parent;
				var r = t.f;
				if (r & 96) {
					if (!(r & 1024)) {
						n = !0;
						break;
					}
					t.f ^= h;
				}
			}
			n || e.push(t);
		}
		return this.#a = [], e;
	}
	#m() {
		this.started = !0;
		for (let [e, t] of this.#s) A(e, t), this.schedule(e);
		this.apply();
		for (var t = Ct = [], n = [], r = wt = []; this.#a.length > 0;) {
			Tt++ > 1e3 && (this.#b(), kt());
			for (let e of this.#p()) try {
				this.#h(e, t, n);
			} catch (t) {
				throw Pt(e), this.#d() || this.discard(), t;
			}
		}
		if (M = null, r.length > 0) {
			var i = e.ensure();
			for (let e of r) i.schedule(e);
		}
		if (Ct = null, wt = null, this.#d()) {
			this.#y(n), this.#y(t);
			for (let [e, t] of this.#c) Nt(e, t);
			r.length > 0 && M.#m();
			return;
		}
		let a = this.#g();
		if (a) this.#y(n), this.#y(t), a.#v(this);
		else {
			this.#s.clear();
			for (let e of this.#e) e(this);
			this.#e.clear(), vt = this, jt(n), jt(t), vt = null, this.#i?.resolve();
			var o = M;
			this.#n === 0 && (this.#a.length === 0 || o !== null) && this.#b(), o !== null && (It.clear(), o.#m());
		}
	}
	#h(e, t, n) {
		e.f ^= h;
		for (var r = e.first; r !== null;) {
			var i = r.f, a = !!(i & 96);
			if (!(a && i & 1024 || i & 8192 || this.#c.has(r)) && r.fn !== null) {
				a ? r.f ^= h : i & 4 ? t.push(r) : Jn(r) && (i & 16 && this.add_dirty_reaction(r, _), er(r));
				var o = r.first;
				if (o !== null) {
					r = o;
					continue;
				}
			}
			for (; r !== null;) {
				var s = r.next;
				if (s !== null) {
					r = s;
					break;
				}
				r = r.parent;
			}
		}
	}
	#g() {
		for (var e = this.prev; e !== null; e = e.prev) if (!e.is_fork && this.#_(e)) return e;
		return null;
	}
	#_(e) {
		for (let [t, [, n]] of this.current) if (!n && e.current.has(t)) return !0;
		return !1;
	}
	#v(e) {
		for (let [t, n] of e.current) !this.previous.has(t) && e.previous.has(t) && this.previous.set(t, e.previous.get(t)), this.current.set(t, n);
		for (let [t, n] of e.async_deriveds) {
			let e = this.async_deriveds.get(t);
			e && n.promise.then(e.resolve).catch(e.reject);
		}
		e.async_deriveds.clear(), this.transfer_reactions(e.#s);
		let t = (e) => {
			var n = e.reactions;
			if (n !== null && !(e.f & 2 && !(e.f & 6144))) for (let e of n) {
				var r = e.f;
				if (r & 2) t(e);
				else {
					var i = e;
					r & 4194320 && !this.async_deriveds.has(i) && (this.#s.delete(i), A(i, g), this.schedule(i));
				}
			}
		};
		for (let e of this.current.keys()) t(e);
		this.oncommit(() => e.discard()), e.#b(), M = this, this.#m();
	}
	#y(e) {
		for (var t = 0; t < e.length; t += 1) $e(e[t], this.#s);
	}
	capture(e, t, n = !1) {
		e.v !== w && !this.previous.has(e) && this.previous.set(e, e.v), e.f & 8388608 || (this.current.set(e, [t, n]), yt?.set(e, t)), this.is_fork || (e.v = t);
	}
	activate() {
		M = this;
	}
	deactivate() {
		M = null, yt = null;
	}
	flush() {
		try {
			St = !0, M = this, this.#m();
		} finally {
			Tt = 0, bt = null, Ct = null, wt = null, St = !1, M = null, yt = null, It.clear();
		}
	}
	discard() {
		for (let e of this.#t) e(this);
		this.#t.clear();
		for (let e of this.async_deriveds.values()) e.reject(lt);
		this.#b(), this.#i?.resolve();
	}
	register_created_effect(e) {
		this.#o.push(e);
	}
	increment(e, t) {
		if (this.#n += 1, e) {
			let e = this.#r.get(t) ?? 0;
			this.#r.set(t, e + 1);
		}
	}
	decrement(e, t) {
		if (--this.#n, e) {
			let e = this.#r.get(t) ?? 0;
			e === 1 ? this.#r.delete(t) : this.#r.set(t, e - 1);
		}
		this.#u || (this.#u = !0, Ye(() => {
			this.#u = !1, this.linked && this.flush();
		}));
	}
	transfer_reactions(e) {
		for (let [t, n] of e) this.add_dirty_reaction(t, n);
		e.clear();
	}
	add_dirty_reaction(e, t) {
		(t === 2048 || this.#s.get(e) !== 2048) && this.#s.set(e, t);
	}
	oncommit(e) {
		this.#e.add(e);
	}
	ondiscard(e) {
		this.#t.add(e);
	}
	settled() {
		return (this.#i ??= p()).promise;
	}
	static ensure() {
		if (M === null) {
			let t = M = new e();
			!St && !xt && Ye(() => {
				t.started || t.flush();
			});
		}
		return M;
	}
	apply() {
		yt = null;
	}
	schedule(e) {
		bt = e, e.b?.is_pending && e.f & 16777228 && !(e.f & 32768) ? e.b.defer_effect(e) : this.#a.push(e);
	}
	#b() {
		if (this.linked) {
			var e = this.prev, t = this.next;
			e === null || (e.next = t), t === null ? _t = e : t.prev = e, this.linked = !1;
		}
	}
};
function Ot(e) {
	var t = xt, n = vt;
	vt = null, xt = !0;
	try {
		var r;
		for (e && (Ot(), r = e());;) {
			if (Xe(), M === null) return r;
			M.flush();
		}
	} finally {
		xt = t, vt = n;
	}
}
function kt() {
	try {
		Ie();
	} catch (e) {
		dn(e, bt);
	}
}
var At = null;
function jt(e) {
	var t = e.length;
	if (t !== 0) {
		for (var n = 0; n < t;) {
			var r = e[n++];
			if (!(r.f & 24576) && Jn(r) && (At = /* @__PURE__ */ new Set(), er(r), r.deps === null && r.first === null && r.nodes === null && r.teardown === null && r.ac === null && On(r), At?.size > 0)) {
				It.clear();
				for (let e of At) {
					if (e.f & 24576) continue;
					let t = [e], n = e.parent;
					for (; n !== null;) At.has(n) && (At.delete(n), t.push(n)), n = n.parent;
					for (let e = t.length - 1; e >= 0; e--) {
						let n = t[e];
						n.f & 24576 || er(n);
					}
				}
				At.clear();
			}
		}
		At = null;
	}
}
function Mt(e) {
	M.schedule(e);
}
function Nt(e, t) {
	if (!(e.f & 32 && e.f & 1024)) {
		e.f & 2048 ? t.d.push(e) : e.f & 4096 && t.m.push(e), A(e, h);
		for (var n = e.first; n !== null;) Nt(n, t), n = n.next;
	}
}
function Pt(e) {
	A(e, h);
	for (var t = e.first; t !== null;) Pt(t), t = t.next;
}
// node_modules/svelte/src/internal/client/reactivity/sources.js
var Ft = /* @__PURE__ */ new Set(), It = /* @__PURE__ */ new Map(), Lt = !1;
function Rt(e, t) {
	return {
		f: 0,
		v: e,
		reactions: null,
		equals: De,
		rv: 0,
		wv: 0
	};
}
/*#__NO_SIDE_EFFECTS__*/
function N(e, t) {
	let n = Rt(e, t);
	return Bn(n), n;
}
/*#__NO_SIDE_EFFECTS__*/
function zt(e, t = !1, n = !0) {
	let r = Rt(e);
	return t || (r.equals = ke), r;
}
function P(e, t, n = !1) {
	return V !== null && (!Ln || V.f & 131072) && Ke() && V.f & 4325394 && (zn === null || !zn.has(e)) && Be(), Ht(e, n ? qt(t) : t, wt);
}
var Bt = null, Vt = 0;
function Ht(e, t, n = null) {
	if (!e.equals(t)) {
		Fn ? It.set(e, t) : It.has(e) || It.set(e, e.v);
		var r = Dt.ensure();
		if (r.capture(e, t), e.f & 2) {
			let t = e;
			e.f & 2048 && pt(t), yt === null && Qe(t);
		}
		e.wv = qn(), Bt = null, Vt = 0, Kt(e, g, n), Bt = null, Ke() && U !== null && U.f & 1024 && !(U.f & 96) && (Vn === null ? Hn([e]) : Vn.push(e)), !r.is_fork && Ft.size > 0 && !Lt && Ut();
	}
	return t;
}
function Ut() {
	Lt = !1;
	for (let e of Ft) {
		e.f & 1024 && A(e, _);
		let t;
		try {
			t = Jn(e);
		} catch {
			t = !0;
		}
		t && er(e);
	}
	Ft.clear();
}
function Wt(e, t = 1) {
	var n = K(e), r = t === 1 ? n++ : n--;
	return P(e, n), r;
}
function Gt(e) {
	P(e, e.v + 1);
}
function Kt(e, t, n) {
	var r = e.reactions;
	if (r !== null) {
		var i = Ke(), a = r.length;
		if (Vt += a, Vt > 1e5 && Bt === null && (Bt = /* @__PURE__ */ new Set()), Bt !== null) {
			if (Bt.has(e)) return;
			Bt.add(e);
		}
		for (var o = 0; o < a; o++) {
			var s = r[o], c = s.f;
			if (i || s !== U) {
				var l = (c & g) === 0;
				if (l && A(s, t), c & 131072) Ft.add(s);
				else if (c & 2) {
					var u = s;
					yt?.delete(u), Kt(u, _, n);
				} else if (l) {
					var d = s;
					c & 16 && At !== null && At.add(d), n === null ? Mt(d) : n.push(d);
				}
			}
		}
	}
}
function qt(t) {
	if (typeof t != "object" || !t || oe in t || se in t) return t;
	let n = l(t);
	if (n !== s && n !== c) return t;
	var r = /* @__PURE__ */ new Map(), i = e(t), o = /* @__PURE__ */ N(0), u = null, d = Gn, f = (e) => {
		if (Gn === d) return e();
		var t = V, n = Gn;
		H(null), Kn(d);
		var r = e();
		return H(t), Kn(n), r;
	};
	return i && r.set("length", /* @__PURE__ */ N(t.length, u)), new Proxy(t, {
		defineProperty(e, t, n) {
			"value" in n && n.configurable !== !1 && n.enumerable !== !1 && n.writable !== !1 || Re();
			var i = r.get(t);
			return i === void 0 ? f(() => {
				var e = /* @__PURE__ */ N(n.value, u);
				return r.set(t, e), e;
			}) : P(i, n.value, !0), !0;
		},
		deleteProperty(e, t) {
			var n = r.get(t);
			if (n === void 0) {
				if (t in e) {
					let e = f(() => /* @__PURE__ */ N(w, u));
					r.set(t, e), Gt(o);
				}
			} else P(n, w), Gt(o);
			return !0;
		},
		get(e, n, i) {
			if (n === oe) return t;
			var o = r.get(n), s = n in e;
			if (o === void 0 && (!s || a(e, n)?.writable) && (o = f(() => /* @__PURE__ */ N(qt(s ? e[n] : w), u)), r.set(n, o)), o !== void 0) {
				var c = K(o);
				return c === w ? void 0 : c;
			}
			return Reflect.get(e, n, i);
		},
		getOwnPropertyDescriptor(e, t) {
			this.has?.(e, t);
			var n = Reflect.getOwnPropertyDescriptor(e, t), i = r.get(t);
			if (i !== void 0) {
				var a = K(i);
				if (a === w) return;
				if (n && "value" in n) n.value = a;
				else return {
					enumerable: !0,
					configurable: !0,
					value: a,
					writable: !0
				};
			}
			return n;
		},
		has(e, t) {
			if (t === oe) return !0;
			var n = r.get(t), i = n !== void 0 && n.v !== w || Reflect.has(e, t);
			return (n !== void 0 || (U !== null || V !== null) && (!i || a(e, t)?.writable)) && (n === void 0 && (n = f(() => /* @__PURE__ */ N(i ? qt(e[t]) : w, u)), r.set(t, n)), K(n) === w) ? !1 : i;
		},
		set(e, t, n, s) {
			var c = r.get(t), l = t in e;
			if (i && t === "length") for (var d = n; d < c.v; d += 1) {
				var p = r.get(d + "");
				p === void 0 ? d in e && (p = f(() => /* @__PURE__ */ N(w, u)), r.set(d + "", p)) : P(p, w);
			}
			if (c === void 0) (!l || a(e, t)?.writable) && (c = f(() => /* @__PURE__ */ N(void 0, u)), P(c, qt(n)), r.set(t, c));
			else {
				l = c.v !== w;
				var m = f(() => qt(n));
				P(c, m);
			}
			var h = Reflect.getOwnPropertyDescriptor(e, t);
			if (h?.set && h.set.call(s, n), !l) {
				if (i && typeof t == "string") {
					var g = r.get("length"), _ = Number(t);
					Number.isInteger(_) && _ >= g.v && P(g, _ + 1);
				}
				Gt(o);
			}
			return !0;
		},
		ownKeys(e) {
			K(o);
			var t = Reflect.ownKeys(e).filter((e) => {
				var t = r.get(e);
				return t === void 0 || t.v !== w;
			});
			for (var [n, i] of r) i.v !== w && !(n in e) && t.push(n);
			return t;
		},
		setPrototypeOf() {
			ze();
		}
	});
}
function Jt(e) {
	try {
		if (typeof e == "object" && e && oe in e) return e[oe];
	} catch {}
	return e;
}
function Yt(e, t) {
	return Object.is(Jt(e), Jt(t));
}
// node_modules/svelte/src/internal/client/dom/operations.js
var Xt, Zt, Qt, $t;
function en() {
	if (Xt === void 0) {
		Xt = window, Zt = /Firefox/.test(navigator.userAgent);
		var e = Element.prototype, t = Node.prototype, n = Text.prototype;
		Qt = a(t, "firstChild").get, $t = a(t, "nextSibling").get, u(e) && (e[de] = void 0, e[ue] = null, e[fe] = void 0, e.__e = void 0), u(n) && (n[pe] = void 0);
	}
}
function tn(e = "") {
	return document.createTextNode(e);
}
/*@__NO_SIDE_EFFECTS__*/
function nn(e) {
	return Qt.call(e);
}
/*@__NO_SIDE_EFFECTS__*/
function rn(e) {
	return $t.call(e);
}
function F(e, t) {
	if (!T) return /* @__PURE__ */ nn(e);
	var n = /* @__PURE__ */ nn(E);
	if (n === null) n = E.appendChild(tn());
	else if (t && n.nodeType !== 3) {
		var r = tn();
		return n?.before(r), D(r), r;
	}
	return t && ln(n), D(n), n;
}
function an(e, t = !1) {
	if (!T) {
		var n = /* @__PURE__ */ nn(e);
		return n instanceof Comment && n.data === "" ? /* @__PURE__ */ rn(n) : n;
	}
	if (t) {
		if (E?.nodeType !== 3) {
			var r = tn();
			return E?.before(r), D(r), r;
		}
		ln(E);
	}
	return E;
}
function I(e, t = !1) {
	if (!T) return /* @__PURE__ */ nn(e);
	var n = F(e, t);
	return O(e), n;
}
function L(e, t = 1, n = !1) {
	let r = T ? E : e;
	for (var i; t--;) i = r, r = /* @__PURE__ */ rn(r);
	if (!T) return r;
	if (n) {
		if (r?.nodeType !== 3) {
			var a = tn();
			return r === null ? i?.after(a) : r.before(a), D(a), a;
		}
		ln(r);
	}
	return D(r), r;
}
function on(e) {
	e.textContent = "";
}
function sn() {
	return !1;
}
function cn(e, t, n) {
	return t == null || t === "http://www.w3.org/1999/xhtml" ? n ? document.createElement(e, { is: n }) : document.createElement(e) : n ? document.createElementNS(t, e, { is: n }) : document.createElementNS(t, e);
}
function ln(e) {
	if (e.nodeValue.length < 65536) return;
	let t = e.nextSibling;
	for (; t !== null && t.nodeType === 3;) t.remove(), e.nodeValue += t.nodeValue, t = e.nextSibling;
}
// node_modules/svelte/src/internal/client/error-handling.js
function un(e) {
	var t = U;
	if (t === null) return V.f |= ae, e;
	if (!(t.f & 32768) && !(t.f & 4)) throw e;
	dn(e, t);
}
function dn(e, t) {
	if (e === ge) throw e;
	if (!(t !== null && t.f & 16384)) {
		for (; t !== null;) {
			if (t.f & 128 && !(t.f & 33570816)) {
				if (!(t.f & 32768)) throw e;
				try {
					t.b.error(e);
					return;
				} catch (t) {
					e = t;
				}
			}
			t = t.parent;
		}
		throw e;
	}
}
// node_modules/svelte/src/internal/client/reactivity/effects.js
function fn(e) {
	U === null && (V === null && Fe(e), Pe()), Fn && Ne(e);
}
function pn(e, t) {
	var n = t.last;
	n === null ? t.last = t.first = e : (n.next = e, e.prev = n, t.last = e);
}
function mn(e, t) {
	var n = U;
	n !== null && n.f & 8192 && (e |= v);
	var r = {
		ctx: k,
		deps: null,
		nodes: null,
		f: e | g | 512,
		first: null,
		fn: t,
		last: null,
		next: null,
		parent: n,
		b: n && n.b,
		prev: null,
		teardown: null,
		wv: 0,
		ac: null
	};
	M?.register_created_effect(r);
	var i = r;
	if (e & 4) Ct === null ? Dt.ensure().schedule(r) : Ct.push(r);
	else if (t !== null) {
		try {
			er(r);
		} catch (e) {
			throw B(r), e;
		}
		i.deps === null && i.teardown === null && i.nodes === null && i.first === i.last && !(i.f & 524288) && (i = i.first, e & 16 && e & 65536 && i !== null && (i.f |= S));
	}
	if (i !== null && (i.parent = n, n !== null && pn(i, n), V !== null && V.f & 2 && !(e & 64))) {
		var a = V;
		(a.effects ??= []).push(i);
	}
	return r;
}
function hn() {
	return V !== null && !Ln;
}
function gn(e) {
	let t = mn(8, null);
	return A(t, h), t.teardown = e, t;
}
function _n(e) {
	fn("$effect");
	var t = U.f;
	if (!V && t & 32 && k !== null && !k.i) {
		var n = k;
		(n.e ??= []).push(e);
	} else return vn(e);
}
function vn(e) {
	return mn(4 | te, e);
}
function yn(e) {
	Dt.ensure();
	let t = mn(64 | ee, e);
	return (e = {}) => new Promise((n) => {
		e.outro ? kn(t, () => {
			B(t), n(void 0);
		}) : (B(t), n(void 0));
	});
}
function bn(e) {
	return mn(4, e);
}
function xn(e) {
	return mn(ie | ee, e);
}
function Sn(e, t = 0) {
	return mn(8 | t, e);
}
function R(e, t = [], n = [], r = []) {
	it(r, t, n, (t) => {
		mn(8, () => {
			e(...t.map(K));
		});
	});
}
function Cn(e, t = 0) {
	return mn(16 | t, e);
}
function z(e) {
	return mn(32 | ee, e);
}
function wn(e) {
	var t = e.teardown;
	if (t !== null) {
		let n = Fn, r = V;
		In(!0), H(null);
		try {
			t.call(null);
		} catch (t) {
			dn(t, e.parent);
		} finally {
			In(n), H(r);
		}
	}
}
function Tn(e, t = !1) {
	var n = e.first;
	for (e.first = e.last = null; n !== null;) {
		let e = n.ac;
		e !== null && nt(() => {
			e.abort(C);
		});
		var r = n.next;
		n.f & 64 ? n.parent = null : B(n, t), n = r;
	}
}
function En(e) {
	for (var t = e.first; t !== null;) {
		var n = t.next;
		t.f & 32 || B(t), t = n;
	}
}
function B(e, t = !0) {
	var n = !1;
	(t || e.f & 262144) && e.nodes !== null && e.nodes.end !== null && (Dn(e.nodes.start, e.nodes.end), n = !0), e.f |= x, Tn(e, t && !n), $n(e, 0);
	var r = e.nodes && e.nodes.t;
	if (r !== null) for (let e of r) e.stop();
	wn(e), e.f ^= x, e.f |= y;
	var i = e.parent;
	i !== null && i.first !== null && On(e), e.next = e.prev = e.teardown = e.ctx = e.deps = e.fn = e.nodes = e.ac = e.b = null;
}
function Dn(e, t) {
	for (; e !== null;) {
		var n = e === t ? null : /* @__PURE__ */ rn(e);
		e.remove(), e = n;
	}
}
function On(e) {
	var t = e.parent, n = e.prev, r = e.next;
	n !== null && (n.next = r), r !== null && (r.prev = n), t !== null && (t.first === e && (t.first = r), t.last === e && (t.last = n));
}
function kn(e, t, n = !0) {
	var r = [];
	e.f |= 256, An(e, r, !0);
	var i = () => {
		n && B(e), t && t();
	}, a = r.length;
	if (a > 0) {
		var o = () => --a || i();
		for (var s of r) s.out(o);
	} else i();
}
function An(e, t, n) {
	if (!(e.f & 8192)) {
		e.f ^= v;
		var r = e.nodes && e.nodes.t;
		if (r !== null) for (let e of r) (e.is_global || n) && t.push(e);
		for (var i = e.first; i !== null;) {
			var a = i.next;
			if (!(i.f & 64)) {
				var o = !!(i.f & 65536) || !!(i.f & 32) && !!(e.f & 16);
				An(i, t, o ? n : !1);
			}
			i = a;
		}
	}
}
function jn(e) {
	e.f &= -257, Mn(e, !0);
}
function Mn(e, t) {
	if (!(e.f & 256) && e.f & 8192) {
		e.f ^= v, e.f & 1024 || (A(e, g), Dt.ensure().schedule(e));
		for (var n = e.first; n !== null;) {
			var r = n.next, i = !!(n.f & 65536) || !!(n.f & 32);
			Mn(n, i ? t : !1), n = r;
		}
		var a = e.nodes && e.nodes.t;
		if (a !== null) for (let e of a) (e.is_global || t) && e.in();
	}
}
function Nn(e, t) {
	if (e.nodes) for (var n = e.nodes.start, r = e.nodes.end; n !== null;) {
		var i = n === r ? null : /* @__PURE__ */ rn(n);
		t.append(n), n = i;
	}
}
// node_modules/svelte/src/internal/client/legacy.js
var Pn = null, Fn = !1;
function In(e) {
	Fn = e;
}
var V = null, Ln = !1;
function H(e) {
	V = e;
}
var U = null;
function Rn(e) {
	U = e;
}
var zn = null;
function Bn(e) {
	V !== null && (V.f & 2097152 || V.f & 2) && (zn ??= /* @__PURE__ */ new Set()).add(e);
}
var W = null, G = 0, Vn = null;
function Hn(e) {
	Vn = e;
}
var Un = 1, Wn = 0, Gn = Wn;
function Kn(e) {
	Gn = e;
}
function qn() {
	return ++Un;
}
function Jn(e) {
	var t = e.f;
	if (t & 2048) return !0;
	if (t & 4096) {
		for (var n = e.deps, r = n.length, i = 0; i < r; i++) {
			var a = n[i];
			if (Jn(a) && mt(a), a.wv > e.wv) return !0;
		}
		t & 512 && yt === null && A(e, h);
	}
	return !1;
}
function Yn(e, t, n = !0) {
	var r = e.reactions;
	if (r !== null && !(zn !== null && zn.has(e))) for (var i = 0; i < r.length; i++) {
		var a = r[i];
		a.f & 2 ? Yn(a, t, !1) : t === a && (n ? A(a, g) : a.f & 1024 && A(a, _), Mt(a));
	}
}
function Xn(e) {
	var t = W, n = G, r = Vn, i = V, a = zn, o = k, s = Ln, c = Gn, l = e.f;
	W = null, G = 0, Vn = null, V = l & 96 ? null : e, zn = null, He(e.ctx), Ln = !1, Gn = ++Wn, e.ac !== null && (nt(() => {
		e.ac.abort(C);
	}), e.ac = null);
	try {
		e.f |= re;
		var u = (0, e.fn)();
		e.f |= b;
		var d = Zn(e);
		if (Ke() && Vn !== null && !Ln && d !== null && !(e.f & 6146)) for (var f = 0; f < Vn.length; f++) Yn(Vn[f], e);
		if (i !== null && i !== e) {
			if (Wn++, i.deps !== null) for (let e = 0; e < n; e += 1) i.deps[e].rv = Wn;
			if (t !== null) for (let e of t) e.rv = Wn;
			Vn !== null && (r === null ? r = Vn : r.push(...Vn));
		}
		return e.f & 8388608 && (e.f ^= ae), u;
	} catch (t) {
		return Zn(e), un(t);
	} finally {
		e.f ^= re, W = t, G = n, Vn = r, V = i, zn = a, He(o), Ln = s, Gn = c;
	}
}
function Zn(e) {
	var t = e.deps, n = M?.is_fork;
	if (W !== null) {
		var r;
		if (n || $n(e, G), t !== null && G > 0) for (t.length = G + W.length, r = 0; r < W.length; r++) t[G + r] = W[r];
		else e.deps = t = W;
		if (hn() && e.f & 512) for (r = G; r < t.length; r++) (t[r].reactions ??= []).push(e);
	} else !n && t !== null && G < t.length && ($n(e, G), t.length = G);
	return t;
}
function Qn(e, r) {
	let i = r.reactions;
	if (i !== null) {
		var a = t.call(i, e);
		if (a !== -1) {
			var o = i.length - 1;
			o === 0 ? i = r.reactions = null : (i[a] = i[o], i.pop());
		}
	}
	if (i === null && r.f & 2 && (W === null || !n.call(W, r))) {
		var s = r;
		s.f & 512 && (s.f ^= 512), s.v !== w && Qe(s), s.ac !== null && nt(() => {
			s.ac.abort(C), s.ac = null, A(s, g);
		}), ht(s), $n(s, 0);
	}
}
function $n(e, t) {
	var n = e.deps;
	if (n !== null) for (var r = t; r < n.length; r++) Qn(e, n[r]);
}
function er(e) {
	var t = e.f;
	if (!(t & 16384)) {
		A(e, h);
		var n = U;
		U = e;
		try {
			t & 16777232 ? En(e) : Tn(e), wn(e);
			var r = Xn(e);
			e.teardown = typeof r == "function" ? r : null, e.wv = Un;
		} finally {
			U = n;
		}
	}
}
async function tr() {
	await Promise.resolve(), Ot();
}
function K(e) {
	var t = !!(e.f & 2);
	if (Pn?.add(e), V !== null && !Ln && !(U !== null && U.f & 16384) && (zn === null || !zn.has(e))) {
		var r = V.deps;
		if (V.f & 2097152) e.rv < Wn && (e.rv = Wn, W === null && r !== null && r[G] === e ? G++ : W === null ? W = [e] : W.push(e));
		else {
			V.deps ??= [], n.call(V.deps, e) || V.deps.push(e);
			var i = e.reactions;
			i === null ? e.reactions = [V] : n.call(i, V) || i.push(V);
		}
	}
	if (Fn && It.has(e)) return It.get(e);
	if (t) {
		var a = e;
		if (Fn) {
			var o = a.v;
			return (!(a.f & 1024) && a.reactions !== null || rr(a)) && (o = pt(a)), It.set(a, o), o;
		}
		var s = !(a.f & 512) && !Ln && V !== null && !!(V.f & 512), c = (a.f & b) === 0;
		Jn(a) && (s && (a.f |= 512), mt(a)), s && !c && (gt(a), nr(a));
	}
	if (yt?.has(e)) return yt.get(e);
	if (e.f & 8388608) throw e.v;
	return e.v;
}
function nr(e) {
	if (e.f |= 512, e.deps !== null) for (let r of e.deps) {
		var t = r.reactions;
		t === null ? r.reactions = [e] : n.call(t, e) || t.push(e), r.f & 2 && !(r.f & 512) && (gt(r), nr(r));
	}
}
function rr(e) {
	if (e.v === w) return !0;
	if (e.deps === null) return !1;
	for (let t of e.deps) if (It.has(t) || t.f & 2 && rr(t)) return !0;
	return !1;
}
function ir(e) {
	var t = Ln;
	try {
		return Ln = !0, e();
	} finally {
		Ln = t;
	}
}
[.../* @__PURE__ */ "allowfullscreen.async.autofocus.autoplay.checked.controls.default.disabled.formnovalidate.indeterminate.inert.ismap.loop.multiple.muted.nomodule.novalidate.open.playsinline.readonly.required.reversed.seamless.selected.webkitdirectory.defer.disablepictureinpicture.disableremoteplayback".split(".")];
var ar = ["touchstart", "touchmove"];
function or(e) {
	return ar.includes(e);
}
// node_modules/svelte/src/internal/client/dom/elements/events.js
var sr = Symbol("events"), cr = /* @__PURE__ */ new Set(), lr = /* @__PURE__ */ new Set();
function ur(e) {
	if (!T) return;
	e.removeAttribute("onload"), e.removeAttribute("onerror");
	let t = e.__e;
	t !== void 0 && (e.__e = void 0, queueMicrotask(() => {
		e.isConnected && e.dispatchEvent(t);
	}));
}
function dr(e, t, n, r = {}) {
	function i(e) {
		if (r.capture || gr.call(t, e), !e.cancelBubble) return nt(() => n?.call(this, e));
	}
	return e.startsWith("pointer") || e.startsWith("touch") || e === "wheel" ? (i.__removed = !1, Ye(() => {
		i.__removed || t.addEventListener(e, i, r);
	})) : t.addEventListener(e, i, r), i;
}
function fr(e, t, n, r, i) {
	var a = {
		capture: r,
		passive: i
	}, o = dr(e, t, n, a);
	(t === document.body || t === window || t === document || t instanceof HTMLMediaElement) && gn(() => {
		o.__removed = !0, t.removeEventListener(e, o, a);
	});
}
function q(e, t, n) {
	(t[sr] ??= {})[e] = n;
}
function pr(e) {
	for (var t = 0; t < e.length; t++) cr.add(e[t]);
	for (var n of lr) n(e);
}
var mr = null, hr = !1;
function gr(e) {
	var t = this, n = t.ownerDocument, r = e.type, a = e.composedPath?.() || [], o = a[0] || e.target;
	mr = e, hr || (hr = !0, setTimeout(() => {
		hr = !1, mr = null;
	}));
	var s = 0, c = mr === e && e[sr];
	if (c) {
		var l = a.indexOf(c);
		if (l !== -1 && (t === document || t === window)) {
			e[sr] = t;
			return;
		}
		var u = a.indexOf(t);
		if (u === -1) return;
		l <= u && (s = l);
	}
	if (o = a[s] || e.target, o !== t) {
		i(e, "currentTarget", {
			configurable: !0,
			get() {
				return o || n;
			}
		});
		var d = V, f = U;
		H(null), Rn(null);
		try {
			for (var p, m = []; o !== null && o !== t;) {
				try {
					var h = o[sr]?.[r];
					h == null || o.disabled && e.target !== o || h.call(o, e);
				} catch (e) {
					p ? m.push(e) : p = e;
				}
				if (e.cancelBubble) break;
				s++, o = s < a.length ? a[s] : null;
			}
			if (p) {
				for (let e of m) queueMicrotask(() => {
					throw e;
				});
				throw p;
			}
		} finally {
			e[sr] = t, delete e.currentTarget, H(d), Rn(f);
		}
	}
}
// node_modules/svelte/src/internal/client/dom/reconciler.js
var _r = globalThis?.window?.trustedTypes && /* @__PURE__ */ globalThis.window.trustedTypes.createPolicy("svelte-trusted-html", { createHTML: (e) => e });
function vr(e) {
	return _r?.createHTML(e) ?? e;
}
function yr(e) {
	var t = cn("template");
	return t.innerHTML = vr(e.replaceAll("<!>", "<!---->")), t.content;
}
// node_modules/svelte/src/internal/client/dom/template.js
function br(e, t) {
	var n = U;
	n.nodes === null && (n.nodes = {
		start: e,
		end: t,
		a: null,
		t: null
	});
}
/*#__NO_SIDE_EFFECTS__*/
function J(e, t) {
	var n = !!(t & 1), r = !!(t & 2), i, a = !e.startsWith("<!>");
	return () => {
		if (T) return br(E, null), E;
		i === void 0 && (i = yr(a ? e : "<!>" + e), n || (i = /* @__PURE__ */ nn(i)));
		var t = r || Zt ? document.importNode(i, !0) : i.cloneNode(!0);
		return n ? br(/* @__PURE__ */ nn(t), t.lastChild) : br(t, t), t;
	};
}
function xr() {
	if (T) return br(E, null), E;
	var e = document.createDocumentFragment(), t = document.createComment(""), n = tn();
	return e.append(t, n), br(t, n), e;
}
function Y(e, t) {
	if (T) {
		var n = U;
		n.f & 32768 && n.nodes.end !== null || (n.nodes.end = E), Ce();
	} else e !== null && e.before(t);
}
// node_modules/svelte/src/reactivity/create-subscriber.js
function Sr(e) {
	let t = 0, n = Rt(0), r;
	return () => {
		hn() && (K(n), Sn(() => (t === 0 && (r = ir(() => e(() => Gt(n)))), t += 1, () => {
			Ye(() => {
				--t, t === 0 && (r?.(), r = void 0, Gt(n));
			});
		})));
	};
}
// node_modules/svelte/src/internal/client/dom/blocks/boundary.js
var Cr = S | ee;
function wr(e, t, n, r) {
	new Tr(e, t, n, r);
}
var Tr = class {
	parent;
	is_pending = !1;
	transform_error;
	#e;
	#t = T ? E : null;
	#n;
	#r;
	#i;
	#a = null;
	#o = null;
	#s = null;
	#c = null;
	#l = 0;
	#u = 0;
	#d = !1;
	#f = /* @__PURE__ */ new Map();
	#p = null;
	#m = Sr(() => (this.#p = Rt(this.#l), () => {
		this.#p = null;
	}));
	constructor(e, t, n, r) {
		this.#e = e, this.#n = t, this.#r = (e) => {
			var t = U;
			t.b = this, t.f |= 128, n(e);
		}, this.parent = U.b, this.transform_error = r ?? this.parent?.transform_error ?? ((e) => e), this.#i = Cn(() => {
			if (T) {
				let e = Ee(this.#t);
				Ce();
				let t = e === "[!";
				if (e.startsWith("[?")) {
					let t = JSON.parse(e.slice(2));
					this.#g(t);
				} else t ? this.#y() : this.#h();
			} else this.#b();
		}, Cr), T && (this.#e = E);
	}
	#h() {
		try {
			this.#a = z(() => this.#r(this.#e));
		} catch (e) {
			this.error(e);
		}
	}
	#g(e) {
		let t = this.#n.failed, { reset: n, invoke_onerror: r } = this.#_(e);
		Ye(r), t && (this.#s = z(() => {
			t(this.#e, () => e, () => n);
		}));
	}
	#_(e) {
		var t = !1, n = !1;
		let r = () => {
			this.#v() || (t ? xe() : (t = !0, n && Ve(), this.#s !== null && kn(this.#s, () => {
				this.#s = null;
			}), this.#S(() => {
				this.#b();
			})));
		};
		return {
			reset: r,
			invoke_onerror: () => {
				if (!this.#v()) try {
					n = !0, this.#n.onerror?.(e, r), n = !1;
				} catch (e) {
					dn(e, this.#i && this.#i.parent);
				}
			}
		};
	}
	#v() {
		return (this.#i.f & (y | x)) !== 0;
	}
	#y() {
		let e = this.#n.pending;
		e && (this.is_pending = !0, this.#o = z(() => e(this.#e)), Ye(() => {
			if (!this.#v()) {
				var e = this.#c = document.createDocumentFragment(), t = tn(), n = !1;
				e.append(t), this.#a = this.#S(() => {
					try {
						return z(() => this.#r(t));
					} catch (e) {
						try {
							this.error(e), n = !0;
						} catch (e) {
							dn(e, this.#i.parent);
						}
						return null;
					}
				}), this.#a === null ? (this.#c = null, n && this.#x(M)) : this.#u === 0 && (this.#e.before(e), this.#c = null, kn(this.#o, () => {
					this.#o = null;
				}), this.#x(M));
			}
		}));
	}
	#b() {
		try {
			if (this.is_pending = this.has_pending_snippet(), this.#u = 0, this.#l = 0, this.#a = z(() => {
				this.#r(this.#e);
			}), this.#u > 0) {
				var e = this.#c = document.createDocumentFragment();
				Nn(this.#a, e);
				let t = this.#n.pending;
				this.#o = z(() => t(this.#e));
			} else this.#x(M);
		} catch (e) {
			this.error(e);
		}
	}
	#x(e) {
		this.is_pending = !1, e.transfer_reactions(this.#f);
	}
	defer_effect(e) {
		$e(e, this.#f);
	}
	is_rendered() {
		return !this.is_pending && (!this.parent || this.parent.is_rendered());
	}
	has_pending_snippet() {
		return !!this.#n.pending;
	}
	#S(e) {
		var t = U, n = V, r = k;
		Rn(this.#i), H(this.#i), He(this.#i.ctx);
		try {
			return Dt.ensure(), e();
		} finally {
			Rn(t), H(n), He(r);
		}
	}
	#C(e, t) {
		this.has_pending_snippet() ? (this.#u += e, this.#u === 0 && (this.#x(t), this.#o && kn(this.#o, () => {
			this.#o = null;
		}), this.#c &&= (this.#e.before(this.#c), null))) : this.parent && this.parent.#C(e, t);
	}
	update_pending_count(e, t) {
		this.#C(e, t), this.#l += e, !this.#p || this.#d || (this.#d = !0, Ye(() => {
			this.#d = !1, this.#p && Ht(this.#p, this.#l);
		}));
	}
	get_effect_pending() {
		return this.#m(), K(this.#p);
	}
	error(e) {
		if (e === ge || !this.#n.onerror && !this.#n.failed) throw e;
		M?.is_fork ? (this.#a && M.skip_effect(this.#a), this.#o && M.skip_effect(this.#o), this.#s && M.skip_effect(this.#s), M.oncommit(() => {
			this.#v() || this.#w(e);
		})) : this.#w(e);
	}
	#w(e) {
		this.#a &&= (B(this.#a), null), this.#o &&= (B(this.#o), null), this.#s &&= (B(this.#s), null), T && (D(this.#t), we(), D(Te()));
		let t = this.#n.failed, n = (e) => {
			if (this.#v()) return;
			let { reset: n, invoke_onerror: r } = this.#_(e);
			r(), t && !this.#v() && (this.#s = this.#S(() => {
				try {
					return z(() => {
						var r = U;
						r.b = this, r.f |= 128, t(this.#e, () => e, () => n);
					});
				} catch (e) {
					return dn(e, this.#i.parent), null;
				}
			}));
		};
		Ye(() => {
			if (!this.#v()) {
				var t;
				try {
					t = this.transform_error(e);
				} catch (e) {
					dn(e, this.#i && this.#i.parent);
					return;
				}
				typeof t == "object" && t && typeof t.then == "function" ? t.then(n, (e) => dn(e, this.#i && this.#i.parent)) : n(t);
			}
		});
	}
};
function X(e, t) {
	var n = t == null ? "" : typeof t == "object" ? `${t}` : t;
	n !== (e[pe] ??= e.nodeValue) && (e[pe] = n, e.nodeValue = `${n}`);
}
function Er(e, t) {
	return Or(e, t);
}
var Dr = /* @__PURE__ */ new Map();
function Or(e, { target: t, anchor: n, props: i = {}, events: a, context: o, intro: s = !0, transformError: c }) {
	en();
	var l = void 0, u = yn(() => {
		var s = n ?? t.appendChild(tn());
		wr(s, { pending: () => {} }, (t) => {
			Ue({});
			var n = k;
			if (o && (n.c = o), a && (i.$$events = a), T && br(t, null), l = e(t, i) || Ge(), T && (U.nodes.end = E, E === null || E.nodeType !== 8 || E.data !== "]")) throw ye(), ge;
			We();
		}, c);
		var u = /* @__PURE__ */ new Set(), d = (e) => {
			for (var n = 0; n < e.length; n++) {
				var r = e[n];
				if (!u.has(r)) {
					u.add(r);
					var i = or(r);
					for (let e of [t, document]) {
						var a = Dr.get(e);
						a === void 0 && (a = /* @__PURE__ */ new Map(), Dr.set(e, a));
						var o = a.get(r);
						o === void 0 ? (e.addEventListener(r, gr, { passive: i }), a.set(r, 1)) : a.set(r, o + 1);
					}
				}
			}
		};
		return d(r(cr)), lr.add(d), () => {
			for (var e of u) for (let n of [t, document]) {
				var r = Dr.get(n), i = r.get(e);
				--i == 0 ? (n.removeEventListener(e, gr), r.delete(e), r.size === 0 && Dr.delete(n)) : r.set(e, i);
			}
			lr.delete(d), s !== n && s.parentNode?.removeChild(s);
		};
	});
	return kr.set(l, u), l;
}
var kr = /* @__PURE__ */ new WeakMap(), Ar = class {
	anchor;
	#e = /* @__PURE__ */ new Map();
	#t = /* @__PURE__ */ new Map();
	#n = /* @__PURE__ */ new Map();
	#r = /* @__PURE__ */ new Set();
	#i = !0;
	constructor(e, t = !0) {
		this.anchor = e, this.#i = t;
	}
	#a = (e) => {
		if (this.#e.has(e)) {
			var t = this.#e.get(e), n = this.#t.get(t);
			if (n) jn(n), this.#r.delete(t);
			else {
				var r = this.#n.get(t);
				r && (jn(r.effect), this.#t.set(t, r.effect), this.#n.delete(t), r.fragment.lastChild.remove(), this.anchor.before(r.fragment), n = r.effect);
			}
			for (let [t, n] of this.#e) {
				if (this.#e.delete(t), t === e) break;
				let r = this.#n.get(n);
				r && (B(r.effect), this.#n.delete(n));
			}
			for (let [e, r] of this.#t) {
				if (e === t || this.#r.has(e)) continue;
				let i = () => {
					if (Array.from(this.#e.values()).includes(e)) {
						var t = document.createDocumentFragment();
						Nn(r, t), t.append(tn()), this.#n.set(e, {
							effect: r,
							fragment: t
						});
					} else B(r);
					this.#r.delete(e), this.#t.delete(e);
				};
				this.#i || !n ? (this.#r.add(e), kn(r, i, !1)) : i();
			}
		}
	};
	#o = (e) => {
		this.#e.delete(e);
		let t = Array.from(this.#e.values());
		for (let [e, n] of this.#n) t.includes(e) || (B(n.effect), this.#n.delete(e));
	};
	ensure(e, t) {
		var n = M, r = sn();
		if (t && !this.#t.has(e) && !this.#n.has(e)) {
			if (r) {
				var i = document.createDocumentFragment(), a = tn();
				i.append(a), this.#n.set(e, {
					effect: z(() => t(a)),
					fragment: i
				});
			} else this.#t.set(e, z(() => t(this.anchor)));
		}
		if (this.#e.set(n, e), r) {
			for (let [t, r] of this.#t) t === e ? n.unskip_effect(r) : n.skip_effect(r);
			for (let [t, r] of this.#n) t === e ? n.unskip_effect(r.effect) : n.skip_effect(r.effect);
			n.oncommit(this.#a), n.ondiscard(this.#o);
		} else T && (this.anchor = E), this.#a(n);
	}
};
// node_modules/svelte/src/internal/client/dom/blocks/if.js
function Z(e, t, n = !1) {
	var r;
	T && (r = E, Ce());
	var i = new Ar(e), a = n ? S : 0;
	function o(e, t) {
		if (T) {
			var n = Ee(r);
			if (e !== parseInt(n.substring(1))) {
				var a = Te();
				D(a), i.anchor = a, Se(!1), i.ensure(e, t), Se(!0);
				return;
			}
		}
		i.ensure(e, t);
	}
	Cn(() => {
		var e = !1;
		t((t, n = 0) => {
			e = !0, o(n, t);
		}), e || o(-1, null);
	}, a);
}
// node_modules/svelte/src/internal/client/dom/blocks/each.js
function jr(e, t) {
	return t;
}
function Mr(e, t, n) {
	for (var i = [], a = t.length, o, s = t.length, c = 0; c < a; c++) {
		let n = t[c];
		kn(n, () => {
			if (o) {
				if (o.pending.delete(n), o.done.add(n), o.pending.size === 0) {
					var t = e.outrogroups;
					Nr(e, r(o.done)), t.delete(o), t.size === 0 && (e.outrogroups = null);
				}
			} else --s;
		}, !1);
	}
	if (s === 0) {
		var l = i.length === 0 && n !== null && e.pending.size === 0;
		if (l) {
			var u = n, d = u.parentNode;
			on(d), d.append(u), e.items.clear();
		}
		Nr(e, t, !l);
	} else o = {
		pending: new Set(t),
		done: /* @__PURE__ */ new Set()
	}, (e.outrogroups ??= /* @__PURE__ */ new Set()).add(o);
}
function Nr(e, t, n = !0) {
	var r;
	if (e.pending.size > 0) {
		r = /* @__PURE__ */ new Set();
		for (let t of e.pending.values()) for (let n of t) r.add(e.items.get(n).e);
	}
	for (var i = 0; i < t.length; i++) {
		var a = t[i];
		r?.has(a) ? (a.f |= ne, Nn(a, document.createDocumentFragment())) : B(t[i], n);
	}
}
var Pr;
function Q(t, n, i, a, o, s = null) {
	var c = t, l = /* @__PURE__ */ new Map();
	if (n & 4) {
		var u = t;
		c = T ? D(/* @__PURE__ */ nn(u)) : u.appendChild(tn());
	}
	T && Ce();
	var d = null, f = /* @__PURE__ */ dt(() => {
		var t = i();
		return e(t) ? t : t == null ? [] : r(t);
	}), p = /* @__PURE__ */ new Map(), m = !0;
	function h(e) {
		if (!(_.effect.f & 16384)) {
			_.pending.delete(e);
			var t = K(f);
			_.fallback = d, Ir(_, t, c, n, a), d !== null && (t.length === 0 ? d.f & 33554432 ? (d.f ^= ne, Rr(d, null, c)) : jn(d) : kn(d, () => {
				d = null;
			}));
		}
	}
	function g(e) {
		_.pending.delete(e);
	}
	var _ = {
		effect: Cn(() => {
			var e = K(f), t = e.length;
			let r = !1;
			T && Ee(c) === "[!" != (t === 0) && (c = Te(), D(c), Se(!1), r = !0);
			for (var u = /* @__PURE__ */ new Set(), _ = M, v = sn(), y = 0; y < t; y += 1) {
				T && E.nodeType === 8 && E.data === "]" && (c = E, r = !0, Se(!1));
				var b = e[y], x = a(b, y), S = m ? null : l.get(x);
				S ? (S.v && Ht(S.v, b), S.i && Ht(S.i, y), v && _.unskip_effect(S.e)) : (S = Lr(l, m ? c : Pr ??= tn(), b, x, y, o, n, i), m || (S.e.f |= ne), l.set(x, S)), u.add(x);
			}
			if (t === 0 && s && !d && (m ? d = z(() => s(c)) : (d = z(() => s(Pr ??= tn())), d.f |= ne)), t > u.size && Me("", "", ""), T && t > 0 && D(Te()), !m) {
				if (p.set(_, u), v) {
					for (let [e, t] of l) u.has(e) || _.skip_effect(t.e);
					_.oncommit(h), _.ondiscard(g);
				} else h(_);
			}
			r && Se(!0), K(f);
		}),
		flags: n,
		items: l,
		pending: p,
		outrogroups: null,
		fallback: d
	};
	m = !1, T && (c = E);
}
function Fr(e) {
	for (; e !== null && !(e.f & 32);) e = e.next;
	return e;
}
function Ir(e, t, n, i, a) {
	var o = !!(i & 8), s = t.length, c = e.items, l = Fr(e.effect.first), u, d = null, f, p = [], m = [], h, g, _, v;
	if (o) for (v = 0; v < s; v += 1) h = t[v], g = a(h, v), _ = c.get(g).e, _.f & 33554432 || (_.nodes?.a?.measure(), (f ??= /* @__PURE__ */ new Set()).add(_));
	for (v = 0; v < s; v += 1) {
		if (h = t[v], g = a(h, v), _ = c.get(g).e, e.outrogroups !== null) for (let t of e.outrogroups) t.pending.delete(_), t.done.delete(_);
		if (_.f & 8192 && (jn(_), o && (_.nodes?.a?.unfix(), (f ??= /* @__PURE__ */ new Set()).delete(_))), _.f & 33554432) {
			if (_.f ^= ne, _ === l) Rr(_, null, n);
			else {
				var y = d ? d.next : l;
				_ === e.effect.last && (e.effect.last = _.prev), _.prev && (_.prev.next = _.next), _.next && (_.next.prev = _.prev), zr(e, d, _), zr(e, _, y), Rr(_, y, n), d = _, p = [], m = [], l = Fr(d.next);
				continue;
			}
		}
		if (_ !== l) {
			if (u !== void 0 && u.has(_)) {
				if (p.length < m.length) {
					var b = m[0], x;
					d = b.prev;
					var S = p[0], ee = p[p.length - 1];
					for (x = 0; x < p.length; x += 1) Rr(p[x], b, n);
					for (x = 0; x < m.length; x += 1) u.delete(m[x]);
					zr(e, S.prev, ee.next), zr(e, d, S), zr(e, ee, b), l = b, d = ee, --v, p = [], m = [];
				} else u.delete(_), Rr(_, l, n), zr(e, _.prev, _.next), zr(e, _, d === null ? e.effect.first : d.next), zr(e, d, _), d = _;
				continue;
			}
			for (p = [], m = []; l !== null && l !== _;) (u ??= /* @__PURE__ */ new Set()).add(l), m.push(l), l = Fr(l.next);
			if (l === null) continue;
		}
		_.f & 33554432 || p.push(_), d = _, l = Fr(_.next);
	}
	if (e.outrogroups !== null) {
		for (let t of e.outrogroups) t.pending.size === 0 && (Nr(e, r(t.done)), e.outrogroups?.delete(t));
		e.outrogroups.size === 0 && (e.outrogroups = null);
	}
	if (l !== null || u !== void 0) {
		var te = [];
		if (u !== void 0) for (_ of u) _.f & 8192 || te.push(_);
		for (; l !== null;) !(l.f & 8192) && l !== e.fallback && te.push(l), l = Fr(l.next);
		var re = te.length;
		if (re > 0) {
			var ie = i & 4 && s === 0 ? n : null;
			if (o) {
				for (v = 0; v < re; v += 1) te[v].nodes?.a?.measure();
				for (v = 0; v < re; v += 1) te[v].nodes?.a?.fix();
			}
			Mr(e, te, ie);
		}
	}
	o && Ye(() => {
		if (f !== void 0) for (_ of f) _.nodes?.a?.apply();
	});
}
function Lr(e, t, n, r, i, a, o, s) {
	var c = o & 1 ? o & 16 ? Rt(n) : /* @__PURE__ */ zt(n, !1, !1) : null, l = o & 2 ? Rt(i) : null;
	return {
		v: c,
		i: l,
		e: z(() => (a(t, c ?? n, l ?? i, s), () => {
			e.delete(r);
		}))
	};
}
function Rr(e, t, n) {
	if (e.nodes) for (var r = e.nodes.start, i = e.nodes.end, a = t && !(t.f & 33554432) ? t.nodes.start : n; r !== null;) {
		var o = /* @__PURE__ */ rn(r);
		if (a.before(r), r === i) return;
		r = o;
	}
}
function zr(e, t, n) {
	t === null ? e.effect.first = n : t.next = n, n === null ? e.effect.last = t : n.prev = t;
}
// node_modules/svelte/src/internal/shared/attributes.js
var Br = [..." 	\n\r\f\xA0\v﻿"];
function Vr(e, t, n) {
	var r = e == null ? "" : "" + e;
	if (t && (r = r ? r + " " + t : t), n) {
		for (var i of Object.keys(n)) if (n[i]) r = r ? r + " " + i : i;
		else if (r.length) for (var a = i.length, o = 0; (o = r.indexOf(i, o)) >= 0;) {
			var s = o + a;
			(o === 0 || Br.includes(r[o - 1])) && (s === r.length || Br.includes(r[s])) ? r = (o === 0 ? "" : r.substring(0, o)) + r.substring(s + 1) : o = s;
		}
	}
	return r === "" ? null : r;
}
function Hr(e, t = !1) {
	var n = t ? " !important;" : ";", r = "";
	for (var i of Object.keys(e)) {
		var a = e[i];
		a != null && a !== "" && (r += " " + i + ": " + a + n);
	}
	return r;
}
function Ur(e) {
	return e[0] !== "-" || e[1] !== "-" ? e.toLowerCase() : e;
}
function Wr(e, t) {
	if (t) {
		var n = "", r, i;
		if (Array.isArray(t) ? (r = t[0], i = t[1]) : r = t, e) {
			e = String(e).replaceAll(/\/\*.*?\*\//g, "").trim();
			var a = !1, o = 0, s = !1, c = [];
			r && c.push(...Object.keys(r).map(Ur)), i && c.push(...Object.keys(i).map(Ur));
			var l = 0, u = -1;
			let t = e.length;
			for (var d = 0; d < t; d++) {
				var f = e[d];
				if (s ? f === "/" && e[d - 1] === "*" && (s = !1) : a ? a === f && (a = !1) : f === "/" && e[d + 1] === "*" ? s = !0 : f === "\"" || f === "'" ? a = f : f === "(" ? o++ : f === ")" && o--, !s && a === !1 && o === 0) {
					if (f === ":" && u === -1) u = d;
					else if (f === ";" || d === t - 1) {
						if (u !== -1) {
							var p = Ur(e.substring(l, u).trim());
							if (!c.includes(p)) {
								f !== ";" && d++;
								var m = e.substring(l, d).trim();
								n += " " + m + ";";
							}
						}
						l = d + 1, u = -1;
					}
				}
			}
		}
		return r && (n += Hr(r)), i && (n += Hr(i, !0)), n = n.trim(), n === "" ? null : n;
	}
	return e == null ? null : String(e);
}
// node_modules/svelte/src/internal/client/dom/elements/class.js
function Gr(e, t, n, r, i, a) {
	var o = e[de];
	if (T || o !== n || o === void 0) {
		var s = Vr(n, r, a);
		T && s === e.getAttribute("class") || (s == null ? e.removeAttribute("class") : t ? e.className = s : e.setAttribute("class", s)), e[de] = n;
	} else if (a && i !== a) for (var c in a) {
		var l = !!a[c];
		(i == null || l !== !!i[c]) && e.classList.toggle(c, l);
	}
	return a;
}
// node_modules/svelte/src/internal/client/dom/elements/style.js
function Kr(e, t = {}, n, r) {
	for (var i in n) {
		var a = n[i];
		t[i] !== a && (n[i] == null ? e.style.removeProperty(i) : e.style.setProperty(i, a, r));
	}
}
function qr(e, t, n, r) {
	var i = e[fe];
	if (T || i !== t) {
		var a = Wr(t, r);
		T && a === e.getAttribute("style") || (a == null ? e.removeAttribute("style") : e.style.cssText = a), e[fe] = t;
	} else r && (Array.isArray(r) ? (Kr(e, n?.[0], r[0]), Kr(e, n?.[1], r[1], "important")) : Kr(e, n, r));
	return r;
}
// node_modules/svelte/src/internal/client/dom/elements/bindings/select.js
function Jr(e, t) {
	t ? e.hasAttribute("selected") || e.setAttribute("selected", "") : e.removeAttribute("selected");
}
function Yr(t, n) {
	var r = t.__defaultValue, i = t.multiple, a = i ? r ?? [] : null;
	if (!i || e(a)) {
		var o = t.selectedIndex, s = n && i ? new Set(t.selectedOptions) : null;
		for (var c of t.options) {
			var l = $r(c);
			Jr(c, i ? a.includes(l) : Yt(l, r));
		}
		if (n) {
			if (s !== null) for (c of t.options) {
				var u = s.has(c);
				c.selected !== u && (c.selected = u);
			}
			else t.selectedIndex !== o && (t.selectedIndex = o);
		}
	}
}
function Xr(t, n, r = !1) {
	if (t.multiple) {
		if (n == null) return;
		if (!e(n)) return be();
		for (var i of t.options) i.selected = n.includes($r(i));
	} else {
		for (i of t.options) if (Yt($r(i), n)) {
			i.selected = !0;
			return;
		}
		r && n === void 0 || (t.selectedIndex = -1);
	}
}
function Zr(e) {
	var t = new MutationObserver((t) => {
		t.every(ei) || ("__defaultValue" in e && Yr(e, !1), "__value" in e && Xr(e, e.__value));
	});
	t.observe(e, {
		childList: !0,
		subtree: !0,
		attributes: !0,
		attributeFilter: ["value"]
	}), gn(() => {
		t.disconnect();
	});
}
function Qr(e, t, n = t) {
	var r = /* @__PURE__ */ new WeakSet(), i = !0;
	rt(e, "change", (t) => {
		var i = t ? "[selected]" : ":checked", a;
		if (e.multiple) a = [].map.call(e.querySelectorAll(i), $r);
		else {
			var o = e.querySelector(i) ?? e.querySelector("option:not([disabled])");
			a = o && $r(o);
		}
		n(a), e.__value = a, M !== null && r.add(M);
	}), bn(() => {
		var a = t();
		if (e === document.activeElement) {
			var o = M;
			if (r.has(o)) return;
		}
		if (Xr(e, a, i), i && a === void 0) {
			var s = e.querySelector(":checked");
			s !== null && (a = $r(s), n(a));
		}
		e.__value = a, i = !1;
	});
}
function $r(e) {
	return "__value" in e ? e.__value : e.value;
}
function ei(e) {
	if (e.target.closest("selectedcontent") !== null) return !0;
	if (e.type === "childList") {
		var t = [...e.addedNodes, ...e.removedNodes];
		return t.length > 0 && t.every((e) => e.nodeName === "SELECTEDCONTENT");
	}
	return !1;
}
// node_modules/svelte/src/internal/client/dom/elements/attributes.js
var ti = Symbol("is custom element"), ni = Symbol("is html"), ri = he ? "link" : "LINK", ii = he ? "progress" : "PROGRESS";
function ai(e) {
	if (T) {
		var t = !1, n = () => {
			if (!t) {
				if (t = !0, e.hasAttribute("value")) {
					var n = e.value;
					$(e, "value", null), e.value = n;
				}
				if (e.hasAttribute("checked")) {
					var r = e.checked;
					$(e, "checked", null), e.checked = r;
				}
			}
		};
		e[me] = n, Ye(n), tt();
	}
}
function oi(e, t) {
	var n = ci(e);
	n.value !== (n.value = t ?? void 0) && (e.value !== t || t === 0 && e.nodeName === ii) && (e.value = t ?? "");
}
function si(e, t) {
	var n = ci(e);
	n.checked !== (n.checked = t ?? void 0) && (e.checked = t);
}
function $(e, t, n, r) {
	var i = ci(e);
	if (!(T && (i[t] = e.getAttribute(t), t === "src" || t === "srcset" || t === "href" && e.nodeName === ri))) {
		var a = i[t];
		a !== (i[t] = n) && (t === "loading" && (e[le] = n), n == null ? e.removeAttribute(t) : typeof n != "string" && ui(e).has(t) ? e[t] = n : (!T || typeof n != "number" && typeof n != "boolean" || a !== String(n)) && e.setAttribute(t, n));
	}
}
function ci(e) {
	return e[ue] ??= {
		[ti]: e.nodeName.includes("-"),
		[ni]: e.namespaceURI === _e
	};
}
var li = /* @__PURE__ */ new Map();
function ui(e) {
	var t = e.getAttribute("is") || e.nodeName, n = li.get(t);
	if (n) return n;
	li.set(t, n = /* @__PURE__ */ new Set());
	for (var r, i = e, a = Element.prototype; a !== i;) {
		for (var s in r = o(i), r) r[s].set && s !== "innerHTML" && s !== "textContent" && s !== "innerText" && n.add(s);
		i = l(i);
	}
	return n;
}
// node_modules/svelte/src/internal/client/dom/elements/bindings/input.js
function di(e, t, n = t) {
	var r = /* @__PURE__ */ new WeakSet();
	rt(e, "input", async (i) => {
		var a = i ? e.defaultValue : e.value;
		if (a = fi(e) ? pi(a) : a, n(a), M !== null && r.add(M), await tr(), a !== (a = t())) {
			var o = e.selectionStart, s = e.selectionEnd, c = e.value.length;
			if (e.value = a ?? "", s !== null) {
				var l = e.value.length;
				o === s && s === c && l > c ? (e.selectionStart = l, e.selectionEnd = l) : (e.selectionStart = o, e.selectionEnd = Math.min(s, l));
			}
		}
	}), (T && e.defaultValue !== e.value || ir(t) == null && e.value) && (n(fi(e) ? pi(e.value) : e.value), M !== null && r.add(M)), Sn(() => {
		var n = t();
		if (e === document.activeElement) {
			var i = M;
			if (r.has(i)) return;
		}
		fi(e) && n === pi(e.value) || (e.type !== "date" || n || e.value) && n !== e.value && (e.value = n ?? "");
	});
}
function fi(e) {
	var t = e.type;
	return t === "number" || t === "range";
}
function pi(e) {
	return e === "" ? null : +e;
}
// node_modules/svelte/src/internal/client/dom/elements/bindings/this.js
function mi(e, t) {
	return e === t || e?.[oe] === t;
}
function hi(e = Ge(), t, n, r) {
	var i = k.r, a = U;
	return bn(() => {
		var o, s;
		return Sn(() => {
			o = s, s = r?.() || [], ir(() => {
				mi(n(...s), e) || (t(e, ...s), o && mi(n(...o), e) && t(null, ...o));
			});
		}), () => {
			let r = a;
			for (; r !== i && r.parent !== null && r.parent.f & 33554432;) r = r.parent;
			let o = () => {
				s && mi(n(...s), e) && t(null, ...s);
			}, c = r.teardown;
			r.teardown = () => {
				o(), c?.();
			};
		};
	}), e;
}
// node_modules/svelte/src/internal/client/reactivity/store.js
var gi = !1;
function _i(e) {
	var t = gi;
	try {
		return gi = !1, [e(), gi];
	} finally {
		gi = t;
	}
}
// node_modules/svelte/src/internal/client/reactivity/props.js
function vi(e, t, n, r) {
	var i = !0, o = !!(n & 8), s = !!(n & 16), c = r, l = !0, u = void 0, d = () => s && i ? (u ??= /* @__PURE__ */ ct(r), K(u)) : (l && (l = !1, c = s ? ir(r) : r), c);
	let f;
	if (o) {
		var p = oe in e || ce in e;
		f = a(e, t)?.set ?? (p && t in e ? (n) => e[t] = n : void 0);
	}
	var m, h = !1;
	o ? [m, h] = _i(() => e[t]) : m = e[t], m === void 0 && r !== void 0 && (m = d(), f && (i && Le(t), f(m)));
	var g = i ? () => {
		var n = e[t];
		return n === void 0 ? d() : (l = !0, n);
	} : () => {
		var n = e[t];
		return n !== void 0 && (c = void 0), n === void 0 ? c : n;
	};
	if (i && !(n & 4)) return g;
	if (f) {
		var _ = e.$$legacy;
		return (function(e, t) {
			return arguments.length > 0 ? ((!i || !t || _ || h) && f(t ? g() : e), e) : g();
		});
	}
	var v = !1, y = (n & 1 ? ct : dt)(() => (v = !1, g()));
	o && K(y);
	var b = U;
	return (function(e, t) {
		if (arguments.length > 0) {
			let n = t ? K(y) : i && o ? qt(e) : e;
			return P(y, n), v = !0, c !== void 0 && (c = n), e;
		}
		return Fn && v || b.f & 16384 ? y.v : K(y);
	});
}
// node_modules/svelte/src/index-client.js
function yi(e) {
	k === null && Ae("onMount"), _n(() => {
		let t = ir(e);
		if (typeof t == "function") return t;
	});
}
// node_modules/svelte/src/internal/disclose-version.js
typeof window < "u" && ((window.__svelte ??= {}).v ??= /* @__PURE__ */ new Set()).add("5");
// src/About.svelte
var bi = /* @__PURE__ */ J("<p class=\"note svelte-1vwaeio\"> </p>"), xi = /* @__PURE__ */ J("<details><summary> </summary> <p class=\"quiet\"> </p></details>"), Si = /* @__PURE__ */ J("<section aria-label=\"The map\"><h2>The map</h2> <p> </p> <p class=\"quiet\"> </p> <!> <!> <!></section>");
function Ci(e, t) {
	Ue(t, !0);
	let n = /* @__PURE__ */ j(() => t.page.bundle.manifest), r = /* @__PURE__ */ j(() => K(n).map.faithfulness);
	function i(e) {
		return e === null ? "undefined" : e.toFixed(2);
	}
	var a = Si(), o = L(F(a), 2), s = I(o), c = L(o, 2), l = I(c), u = L(c, 2);
	Q(u, 17, () => K(n).notes, jr, (e, t) => {
		var n = bi(), r = I(n, !0);
		R(() => X(r, K(t))), Y(e, n);
	});
	var d = L(u, 2), f = (e) => {
		var t = bi(), r = I(t);
		R((e) => X(r, `${e ?? ""} of the pictures could not be read.`), [() => K(n).pictures.missing.toLocaleString("en")]), Y(e, t);
	};
	Z(d, (e) => {
		K(n).pictures?.missing && e(f);
	}), Q(L(d, 2), 17, () => K(n).unmatched, (e) => e.set, (e, t) => {
		var n = xi(), r = F(n), i = I(r), a = I(L(r, 2));
		O(n), R((e, n) => {
			X(i, `${e ?? ""} items of ${K(t).set ?? ""} are not in every stage and not shown`), X(a, `${n ?? ""}${K(t).count > K(t).ids.length ? ", …" : ""}`);
		}, [() => K(t).count.toLocaleString("en"), () => K(t).ids.join(", ")]), Y(e, n);
	}), O(a), R((e, t, r) => {
		X(s, `${K(n).map.title ?? ""}. Trustworthiness ${e ?? ""}, continuity ${t ?? ""}${r ?? ""}.`), X(l, `All stages are on one map, seed ${K(n).map.seed ?? ""}. Distances on it are not distances in the space: an item
    “moved” when it went farther than its ${K(n).k ?? ""}th neighbour was, in the space and on the screen each.`);
	}, [
		() => i(K(r).trustworthiness),
		() => i(K(r).continuity),
		() => K(r).neighbours_kept === null ? "" : `, neighbours kept ${Math.round(100 * K(r).neighbours_kept)} %`
	]), Y(e, a), We();
}
// src/bundle.ts
var wi = {
	u1: Uint8Array,
	u2: Uint16Array,
	u4: Uint32Array,
	f4: Float32Array
}, Ti = "RSVIEW1\0", Ei = class {
	data;
	manifest;
	start;
	decoder = new TextDecoder();
	constructor(e) {
		if (this.data = e, this.decoder.decode(new Uint8Array(e, 0, Math.min(8, e.byteLength))) !== Ti) throw Error("These are not the data of a Repscope page.");
		let t = new DataView(e).getUint32(8, !0);
		this.manifest = JSON.parse(this.decoder.decode(new Uint8Array(e, 16, t))), this.start = 16 + Math.ceil(t / 8) * 8;
	}
	has(e) {
		return e in this.manifest.columns;
	}
	column(e) {
		let t = this.manifest.columns[e];
		if (!t) throw Error(`The data have no column ${e}.`);
		let n = t.shape.reduce((e, t) => e * t, 1);
		return new wi[t.type](this.data, this.start + t.offset, n);
	}
	blob(e, t) {
		let n = this.column(`${e}/starts`);
		return this.column(`${e}/bytes`).subarray(n[t], n[t + 1]);
	}
	text(e, t) {
		if (e.kind === "text") return this.decoder.decode(this.blob(e.column, t));
		let n = this.column(e.column)[t];
		return e.kind === "category" ? e.values?.[n] ?? "" : Number.isNaN(n) ? "" : Oi(n);
	}
	id(e) {
		return this.text(this.manifest.fields[0], e);
	}
};
function Di(e) {
	return e.replace(/[\u202a-\u202e\u2066-\u2069]/g, (e) => "\\u" + e.charCodeAt(0).toString(16));
}
function Oi(e) {
	return Number.isInteger(e) && Math.abs(e) < 1e6 ? String(e) : Number(e.toPrecision(3)).toString();
}
async function ki() {
	let e = document.getElementById("bundle");
	if (!e) {
		let e = await fetch("bundle");
		if (!e.ok) throw Error(`The server refused the data (${e.status}).`);
		return new Ei(await e.arrayBuffer());
	}
	let t = atob(e.textContent ?? "");
	e.remove();
	let n = new Uint8Array(t.length);
	for (let e = 0; e < t.length; e++) n[e] = t.charCodeAt(e);
	let r = new Blob([n]).stream().pipeThrough(new DecompressionStream("gzip"));
	return new Ei(await new Response(r).arrayBuffer());
}
// src/colours.ts
var Ai = [
	"#0072b2",
	"#e69f00",
	"#009e73",
	"#cc79a7",
	"#56b4e9",
	"#d55e00",
	"#b8a800"
], ji = "#8a8f98", Mi = [
	"moved in neither",
	"moved in both",
	"moved on screen only",
	"moved in space only"
], Ni = [
	"#8a8f98",
	"#0072b2",
	"#d55e00",
	"#009e73"
], Pi = [
	[
		68,
		1,
		84
	],
	[
		71,
		44,
		122
	],
	[
		59,
		81,
		139
	],
	[
		44,
		113,
		142
	],
	[
		33,
		144,
		141
	],
	[
		39,
		173,
		129
	],
	[
		92,
		200,
		99
	],
	[
		170,
		220,
		50
	],
	[
		253,
		231,
		37
	]
];
function Fi(e) {
	let t = Math.min(1, Math.max(0, e)) * (Pi.length - 1), n = Math.min(Pi.length - 2, Math.floor(t)), r = (e) => Math.round(Pi[n][e] + (Pi[n + 1][e] - Pi[n][e]) * (t - n));
	return [
		r(0),
		r(1),
		r(2)
	];
}
function Ii(e) {
	return "#" + e.map((e) => e.toString(16).padStart(2, "0")).join("");
}
function Li(e) {
	return {
		codes: new Uint8Array(e),
		palette: Hi([Ai[0]]),
		legend: {
			kinds: [],
			range: null
		}
	};
}
function Ri(e, t) {
	let n = Array(t.length).fill(0), r = 0;
	for (let i = 0; i < e.length; i++) e[i] < t.length ? n[e[i]]++ : r++;
	let i = n.map((e, t) => t).sort((e, t) => n[t] - n[e] || e - t), a = new Uint8Array(t.length).fill(255);
	i.slice(0, Ai.length).forEach((e, t) => a[e] = t);
	let o = new Uint8Array(e.length);
	for (let n = 0; n < e.length; n++) o[n] = e[n] < t.length ? a[e[n]] : 255;
	let s = i.slice(0, Ai.length).map((e, r) => ({
		name: t[e],
		colour: Ai[r],
		count: n[e]
	})), c = i.slice(Ai.length), l = c.reduce((e, t) => e + n[t], 0) + r, u = c.length > 1 ? `${c.length} others` : c.length && !r ? t[c[0]] : "no value";
	return l && s.push({
		name: u,
		colour: ji,
		count: l
	}), {
		codes: o,
		palette: Hi(Ai),
		legend: {
			kinds: s,
			range: null
		}
	};
}
function zi(e) {
	let t = Uint8Array.from(e), n = Mi.map((e, t) => ({
		name: e,
		colour: Ni[t],
		count: 0
	}));
	for (let e of t) n[e].count++;
	return {
		codes: t,
		palette: Hi(Ni),
		legend: {
			kinds: n,
			range: null
		}
	};
}
function Bi(e) {
	let [t, n] = Vi(e), r = new Uint8Array(e.length);
	for (let i = 0; i < e.length; i++) {
		let a = n > t ? (e[i] - t) / (n - t) : .5;
		r[i] = Number.isNaN(e[i]) ? 255 : Math.round(Math.min(1, Math.max(0, a)) * 254);
	}
	return {
		codes: r,
		palette: Hi(Array.from({ length: 255 }, (e, t) => Ii(Fi(t / 254)))),
		legend: {
			kinds: [],
			range: [t, n]
		}
	};
}
function Vi(e) {
	let t = e.filter((e) => Number.isFinite(e)).sort();
	return t.length ? [t[Math.floor(.01 * (t.length - 1))], t[Math.ceil(.99 * (t.length - 1))]] : [0, 0];
}
function Hi(e) {
	return Array.from({ length: 256 }, (t, n) => e[n] ?? "#8a8f98");
}
// src/Histogram.svelte
var Ui = /* @__PURE__ */ J("<i></i>"), Wi = /* @__PURE__ */ J("<div class=\"histogram\"><div class=\"bars svelte-mlxz3x\" aria-hidden=\"true\"></div> <input type=\"range\" class=\"svelte-mlxz3x\"/> <input type=\"range\" class=\"svelte-mlxz3x\"/> <div class=\"ends svelte-mlxz3x\"><span> </span><span> </span></div></div>");
function Gi(e, t) {
	Ue(t, !0);
	let n = /* @__PURE__ */ j(() => t.page.values(t.column)), r = /* @__PURE__ */ j(() => {
		let [e, t] = [1e400, -1e400];
		for (let r of K(n)) r < e && (e = r), r > t && (t = r);
		return e <= t ? [e, t] : [0, 0];
	}), i = /* @__PURE__ */ j(() => {
		let e = Array(32).fill(0), [t, i] = K(r);
		for (let r of K(n)) Number.isNaN(r) || e[i > t ? Math.min(31, Math.floor((r - t) / (i - t) * 32)) : 0]++;
		let a = Math.max(...e, 1);
		return e.map((e) => e / a);
	}), a = /* @__PURE__ */ j(() => {
		let e = t.page.filters[t.column];
		return e && "range" in e ? e.range : K(r);
	}), o = /* @__PURE__ */ j(() => (K(r)[1] - K(r)[0]) / 200 || 1);
	function s(e, n) {
		let i = [...K(a)];
		i[e] = n, i[0] > i[1] && (i[1 - e] = n), i[0] <= K(r)[0] && i[1] >= K(r)[1] - K(o) / 2 ? t.page.clear(t.column) : t.page.brush(t.column, i);
	}
	var c = Wi(), l = F(c);
	Q(l, 21, () => K(i), jr, (e, t, n) => {
		let i = /* @__PURE__ */ j(() => K(r)[0] + (n + .5) / 32 * (K(r)[1] - K(r)[0]));
		var o = Ui();
		let s, c;
		R((e) => {
			s = Gr(o, 1, "svelte-mlxz3x", null, s, { out: K(i) < K(a)[0] || K(i) > K(a)[1] }), c = qr(o, "", c, { height: e });
		}, [() => `${K(t) ? Math.max(4, 100 * K(t)) : 0}%`]), Y(e, o);
	}), O(l);
	var u = L(l, 2);
	ai(u);
	var d = L(u, 2);
	ai(d);
	var f = L(d, 2), p = F(f), m = I(p, !0), h = I(L(p), !0);
	O(f), O(c), R((e, n) => {
		$(u, "min", K(r)[0]), $(u, "max", K(r)[1]), $(u, "step", K(o)), oi(u, K(a)[0]), $(u, "aria-label", `${t.name ?? ""}: lowest shown`), $(d, "min", K(r)[0]), $(d, "max", K(r)[1]), $(d, "step", K(o)), oi(d, K(a)[1]), $(d, "aria-label", `${t.name ?? ""}: highest shown`), X(m, e), X(h, n);
	}, [() => Oi(K(a)[0]), () => Oi(K(a)[1])]), q("input", u, (e) => s(0, Number(e.currentTarget.value))), q("input", d, (e) => s(1, Number(e.currentTarget.value))), Y(e, c), We();
}
pr(["input"]);
// src/Filters.svelte
var Ki = /* @__PURE__ */ J("<li class=\"svelte-1ozrgda\"><label class=\"svelte-1ozrgda\"><input type=\"checkbox\"/> <span dir=\"auto\" class=\"svelte-1ozrgda\"> </span></label> <button class=\"only svelte-1ozrgda\">only</button></li>"), qi = /* @__PURE__ */ J("<p class=\"quiet\"> </p>"), Ji = /* @__PURE__ */ J("<button>All</button>"), Yi = /* @__PURE__ */ J("<ul class=\"svelte-1ozrgda\"></ul> <!> <!>", 1), Xi = /* @__PURE__ */ J("<details class=\"svelte-1ozrgda\"><summary class=\"svelte-1ozrgda\"> </summary> <!></details>"), Zi = /* @__PURE__ */ J("<button>Clear all filters</button>"), Qi = /* @__PURE__ */ J("<section aria-label=\"Filter\"><h2>Filter <span class=\"count\"> </span></h2> <input type=\"search\" placeholder=\"Search ids and texts\" aria-label=\"Search ids and texts\" class=\"svelte-1ozrgda\"/> <!> <!></section>");
function $i(e, t) {
	Ue(t, !0);
	let n = vi(t, "page", 7);
	function r(e) {
		return e === "moved" ? Mi : n().field(e)?.values ?? null;
	}
	var i = Qi(), a = F(i), o = I(L(F(a)));
	O(a);
	var s = L(a, 2);
	ai(s);
	var c = L(s, 2);
	Q(c, 17, () => n().choices.filter((e) => e.key), (e) => e.key, (e, t) => {
		let i = /* @__PURE__ */ j(() => r(K(t).key));
		var a = Xi(), o = F(a), s = I(o), c = L(o, 2), l = (e) => {
			var r = Yi(), a = an(r);
			Q(a, 21, () => K(i).slice(0, 40), jr, (e, r, a) => {
				var o = Ki(), s = F(o), c = F(s);
				ai(c);
				var l = L(c, 2), u = I(l, !0);
				O(s);
				var d = L(s, 2);
				O(o), R((e, t, n) => {
					si(c, e), X(u, t), l.dir = l.dir, $(d, "aria-label", `Only ${n ?? ""}`);
				}, [
					() => n().isOn(K(t).key, a),
					() => Di(K(r)),
					() => Di(K(r))
				]), q("change", c, () => n().toggle(K(t).key, a)), q("click", d, () => n().only(K(t).key, a, K(i).length)), Y(e, o);
			}), O(a);
			var o = L(a, 2), s = (e) => {
				var t = qi(), n = I(t);
				R(() => X(n, `${K(i).length - 40} more; find them with the search.`)), Y(e, t);
			};
			Z(o, (e) => {
				K(i).length > 40 && e(s);
			});
			var c = L(o, 2), l = (e) => {
				var r = Ji();
				q("click", r, () => n().clear(K(t).key)), Y(e, r);
			};
			Z(c, (e) => {
				K(t).key in n().filters && e(l);
			}), Y(e, r);
		}, u = (e) => {
			Gi(e, {
				get page() {
					return n();
				},
				get column() {
					return K(t).key;
				},
				get name() {
					return K(t).name;
				}
			});
		};
		Z(c, (e) => {
			K(i) ? e(l) : e(u, -1);
		}), O(a), R(() => {
			a.open = K(t).key === "moved", X(s, `${K(t).name ?? ""}${K(t).key in n().filters ? " (filtered)" : ""}`);
		}), Y(e, a);
	});
	var l = L(c, 2), u = (e) => {
		var t = Zi();
		q("click", t, () => n().clearAll()), Y(e, t);
	};
	Z(l, (e) => {
		n().shown < n().n && e(u);
	}), O(i), R((e, t) => X(o, `${e ?? ""} of ${t ?? ""} shown`), [() => n().shown.toLocaleString("en"), () => n().n.toLocaleString("en")]), di(s, () => n().search, (e) => n().search = e), Y(e, i), We();
}
pr(["change", "click"]);
// src/Picture.svelte
var ea = /* @__PURE__ */ J("<img alt=\"\" class=\"svelte-1bg37yt\"/>"), ta = /* @__PURE__ */ J("<span class=\"none svelte-1bg37yt\">no picture</span>");
function na(e, t) {
	Ue(t, !0);
	let n = /* @__PURE__ */ N(!1), r = /* @__PURE__ */ j(() => {
		if (!t.page.bundle.manifest.pictures) return "";
		let e = t.page.bundle.blob("picture", t.row);
		return e.length ? URL.createObjectURL(new Blob([e], { type: "image/jpeg" })) : "";
	});
	_n(() => {
		let e = K(r);
		return P(n, !1), () => URL.revokeObjectURL(e);
	});
	var i = xr(), a = an(i), o = (e) => {
		var i = ea();
		let a;
		R(() => {
			$(i, "src", K(r)), a = qr(i, "", a, {
				width: `${t.side ?? ""}px`,
				"max-height": `${t.side ?? ""}px`
			});
		}), fr("error", i, () => P(n, !0)), ur(i), Y(e, i);
	}, s = (e) => {
		var n = ta();
		let r;
		R(() => r = qr(n, "", r, {
			width: `${t.side ?? ""}px`,
			height: `${t.side ?? ""}px`
		})), Y(e, n);
	};
	Z(a, (e) => {
		K(r) && !K(n) ? e(o) : t.page.bundle.manifest.pictures && e(s, 1);
	}), Y(e, i), We();
}
// src/Card.svelte
var ra = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\"> </dt><dd dir=\"auto\" class=\"svelte-lv9s7p\"><details><summary> </summary> </details></dd>", 1), ia = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\"> </dt><dd dir=\"auto\" class=\"svelte-lv9s7p\"> </dd>", 1), aa = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\">in space</dt><dd class=\"svelte-lv9s7p\"> </dd> <dt class=\"svelte-lv9s7p\">on screen</dt><dd class=\"svelte-lv9s7p\"> </dd> <dt class=\"svelte-lv9s7p\">so it</dt><dd class=\"svelte-lv9s7p\"> </dd>", 1), oa = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\">map keeps</dt><dd class=\"svelte-lv9s7p\"> </dd>", 1), sa = /* @__PURE__ */ J("<div><!> <dl class=\"svelte-lv9s7p\"><!> <!> <!></dl></div>");
function ca(e, t) {
	Ue(t, !0);
	let n = vi(t, "brief", 3, !1), r = /* @__PURE__ */ j(() => t.page.bundle.manifest.fields.filter((e) => e.name !== t.page.bundle.manifest.pictures?.column));
	function i(e) {
		let r = Di(t.page.bundle.text(e, t.row));
		return n() && r.length > 160 ? r.slice(0, 160) + "…" : r;
	}
	var a = sa();
	let o;
	var s = F(a);
	{
		let e = /* @__PURE__ */ j(() => n() ? 56 : 72);
		na(s, {
			get page() {
				return t.page;
			},
			get row() {
				return t.row;
			},
			get side() {
				return K(e);
			}
		});
	}
	var c = L(s, 2), l = F(c);
	Q(l, 17, () => K(r).slice(0, n() ? 5 : void 0), (e) => e.column, (e, t) => {
		let r = /* @__PURE__ */ j(() => i(K(t)));
		var a = xr(), o = an(a), s = (e) => {
			var n = ra(), i = an(n), a = I(i, !0), o = L(i), s = F(o), c = F(s), l = I(c), u = L(c, 1, !0);
			O(s), O(o), R((e, n) => {
				X(a, K(t).name), X(l, `${e ?? ""}…`), X(u, n), o.dir = o.dir;
			}, [() => K(r).slice(0, 160), () => K(r).slice(160)]), Y(e, n);
		}, c = (e) => {
			var n = ia(), i = an(n), a = I(i, !0), o = L(i), s = I(o, !0);
			R(() => {
				X(a, K(t).name), X(s, K(r)), o.dir = o.dir;
			}), Y(e, n);
		};
		Z(o, (e) => {
			K(r).length > 160 && !n() ? e(s) : K(r) && e(c, 1);
		}), Y(e, a);
	});
	var u = L(l, 2), d = (e) => {
		var n = aa(), r = L(an(n)), i = I(r), a = L(r, 3), o = I(a), s = I(L(a, 3), !0);
		R((e, t, n) => {
			X(i, `moved ${e ?? ""}`), X(o, `moved ${t ?? ""}`), X(s, n);
		}, [
			() => Oi(t.page.values("space")[t.row]),
			() => Oi(t.page.values("screen")[t.row]),
			() => Mi[t.page.values("moved")[t.row]]
		]), Y(e, n);
	};
	Z(u, (e) => {
		t.page.step >= 0 && e(d);
	});
	var f = L(u, 2), p = (e) => {
		var n = oa(), r = I(L(an(n)));
		R((e) => X(r, `${e ?? ""} % of its neighbours`), [() => Math.round(100 * t.page.values("kept")[t.row])]), Y(e, n);
	}, m = /* @__PURE__ */ j(() => t.page.bundle.has("kept/0"));
	Z(f, (e) => {
		K(m) && e(p);
	}), O(c), O(a), R(() => o = Gr(a, 1, "card svelte-lv9s7p", null, o, { brief: n() })), Y(e, a), We();
}
// src/Picked.svelte
var la = /* @__PURE__ */ J("<li class=\"svelte-8t22gv\"><button class=\"svelte-8t22gv\"><!> <span dir=\"auto\" class=\"svelte-8t22gv\"> </span></button></li>"), ua = /* @__PURE__ */ J("<h4 class=\"svelte-8t22gv\"> <span class=\"count\"> </span></h4> <ul class=\"svelte-8t22gv\"></ul>", 1), da = /* @__PURE__ */ J("<h3 class=\"svelte-8t22gv\"> </h3> <p class=\"quiet\"> </p> <!>", 1), fa = /* @__PURE__ */ J("<section aria-label=\"Item\"><h2>Item <button aria-label=\"Put the item away\">×</button></h2> <!> <!></section>");
function pa(e, t) {
	Ue(t, !0);
	let n = vi(t, "page", 7), r = /* @__PURE__ */ j(() => n().near(n().start, n().picked)), i = /* @__PURE__ */ j(() => n().near(n().end, n().picked)), a = /* @__PURE__ */ j(() => {
		let [e, t] = [new Set(K(r)), new Set(K(i))];
		return [
			{
				name: "kept",
				sign: "=",
				rows: K(i).filter((t) => e.has(t))
			},
			{
				name: "gained",
				sign: "+",
				rows: K(i).filter((t) => !e.has(t))
			},
			{
				name: "lost",
				sign: "−",
				rows: K(r).filter((e) => !t.has(e))
			}
		];
	}), o = /* @__PURE__ */ j(() => n().bundle.manifest.fields.find((e) => e.name === "label"));
	var s = fa(), c = F(s), l = L(F(c));
	O(c);
	var u = L(c, 2);
	ca(u, {
		get page() {
			return n();
		},
		get row() {
			return n().picked;
		}
	});
	var d = L(u, 2), f = (e) => {
		var t = da(), i = an(t), s = I(i), c = L(i, 2), l = I(c, !0);
		Q(L(c, 2), 17, () => n().start === n().end ? [{
			name: "nearest",
			sign: "",
			rows: K(r)
		}] : K(a), (e) => e.name, (e, t) => {
			var r = ua(), i = an(r), a = F(i), s = I(L(a), !0);
			O(i);
			var c = L(i, 2);
			Q(c, 20, () => K(t).rows, (e) => e, (e, t) => {
				var r = la(), i = F(r), a = F(i);
				na(a, {
					get page() {
						return n();
					},
					get row() {
						return t;
					},
					side: 28
				});
				var s = L(a, 2), c = I(s, !0);
				O(i), O(r), R((e, t) => {
					$(i, "data-id", e), X(c, t), s.dir = s.dir;
				}, [() => n().bundle.id(t), () => Di(n().bundle.id(t) + (K(o) ? ` · ${n().bundle.text(K(o), t)}` : ""))]), q("click", i, () => n().picked = t), Y(e, r);
			}), O(c), R(() => {
				X(a, `${K(t).sign ?? ""} ${K(t).name ?? ""} `), X(s, K(t).rows.length), $(c, "data-group", K(t).name);
			}), Y(e, r);
		}), R(() => {
			X(s, `${n().bundle.manifest.k ?? ""} nearest in the original space, by cosine`), X(l, n().start === n().end ? n().stages[n().start] : `${n().stages[n().start]} → ${n().stages[n().end]}`);
		}), Y(e, t);
	};
	Z(d, (e) => {
		n().bundle.manifest.k && e(f);
	}), O(s), q("click", l, () => n().picked = -1), Y(e, s), We();
}
pr(["click"]);
var ma = {
	x: .5,
	y: .5,
	zoom: 1
};
function ha(e, t) {
	return Math.min(t.width, t.height) * e.zoom;
}
function ga(e, t, n, r) {
	let i = ha(e, t);
	return [t.width / 2 + (n - e.x) * i, t.height / 2 - (r - e.y) * i];
}
function _a(e, t, n, r) {
	let i = ha(e, t);
	return [e.x + (n - t.width / 2) / i, e.y - (r - t.height / 2) / i];
}
function va(e, t, n, r, i) {
	let a = Math.min(400, Math.max(.5, e.zoom * i)), [o, s] = _a(e, t, n, r), c = e.zoom / a;
	return {
		x: o + (e.x - o) * c,
		y: s + (e.y - s) * c,
		zoom: a
	};
}
function ya(e, t, n) {
	let r = Math.sqrt(n.width * n.height / Math.max(e, 1)), i = Math.min(14, Math.max(2, .3 * r) * Math.max(t.zoom, 1) ** .35), a = e * i * i / (n.width * n.height * t.zoom * t.zoom);
	return {
		side: i,
		alpha: Math.min(.85, Math.max(.12, .35 / Math.sqrt(a + 1e-9)))
	};
}
// src/overlay.ts
var ba = 400, xa = 60, Sa = 34, Ca = 60, wa = class {
	page;
	repaint;
	pictures = /* @__PURE__ */ new Map();
	constructor(e, t) {
		this.page = e, this.repaint = t;
	}
	draw(e, t, n, r, i, a) {
		e.setTransform(n, 0, 0, n, 0, 0), e.clearRect(0, 0, t.width, t.height);
		let { page: o } = this, s = o.camera;
		o.arrows && this.arrows(e, t, r), o.links && this.linkLines(e, t, r), this.thumbnails(e, s, t, r), this.stars(e, s, t, r);
		for (let n of /* @__PURE__ */ new Set([o.picked, a])) {
			if (n < 0) continue;
			let [i, a] = this.place(n, t);
			e.strokeStyle = r.text, e.lineWidth = n === o.picked ? 2.5 : 1.5, e.beginPath(), e.arc(i, a, 9, 0, 2 * Math.PI), e.stroke();
		}
		i.length > 1 && (e.strokeStyle = r.text, e.lineWidth = 1.5, e.setLineDash([5, 4]), e.beginPath(), i.forEach(([t, n]) => e.lineTo(t, n)), e.closePath(), e.stroke(), e.setLineDash([]));
	}
	place(e, t) {
		let { page: n } = this, [r, i] = [n.positions(n.start), n.positions(n.end)], a = (t) => (r[2 * e + t] + (i[2 * e + t] - r[2 * e + t]) * n.t) / 65535;
		return ga(n.camera, t, a(0), a(1));
	}
	arrows(e, t, n) {
		let { page: r } = this;
		if (r.step < 0) return;
		let i = r.positions(r.start), a = r.positions(r.end), o = Array.from(r.selected.length ? r.selected : r.passing.keys()).filter((e) => r.passing[e]), s = r.values("space");
		o = o.sort((e, t) => s[t] - s[e]).slice(0, r.selected.length ? ba : 60), e.strokeStyle = e.fillStyle = n.text, e.globalAlpha = .6, e.lineWidth = 1;
		for (let n of o) {
			let [o, s] = ga(r.camera, t, i[2 * n] / 65535, i[2 * n + 1] / 65535), [c, l] = ga(r.camera, t, a[2 * n] / 65535, a[2 * n + 1] / 65535), u = Math.atan2(l - s, c - o), d = Math.min(7, .5 * Math.hypot(c - o, l - s));
			e.beginPath(), e.moveTo(o, s), e.lineTo(c, l), e.stroke(), e.beginPath(), e.moveTo(c, l);
			for (let t of [2.7, -2.7]) e.lineTo(c + d * Math.cos(u + t), l + d * Math.sin(u + t));
			e.fill();
		}
		e.globalAlpha = 1;
	}
	linkLines(e, t, n) {
		let { page: r } = this;
		if (!r.bundle.has("reference/of")) return;
		let i = r.bundle.column("reference/of"), a = r.bundle.column("reference/position");
		e.strokeStyle = n.text, e.globalAlpha = .35, e.lineWidth = 1;
		let o = r.selected.length ? Array.from(r.selected).slice(0, ba) : [r.picked];
		for (let n of o) n < 0 || i[n] * 2 >= a.length || (e.beginPath(), e.moveTo(...this.place(n, t)), e.lineTo(...ga(r.camera, t, a[2 * i[n]] / 65535, a[2 * i[n] + 1] / 65535)), e.stroke());
		e.globalAlpha = 1;
	}
	stars(e, t, n, r) {
		let { bundle: i } = this.page, a = i.manifest.reference;
		if (!a) return;
		let o = i.column("reference/position"), s = a.fields.find((e) => e.name === "label") ?? a.fields[0], c = a.n <= Ca;
		e.font = "12px system-ui, sans-serif", e.lineJoin = "round";
		let l = Array.from({ length: a.n }, (e, r) => ga(t, n, o[2 * r] / 65535, o[2 * r + 1] / 65535));
		for (let [t, n] of l) {
			e.beginPath();
			for (let r = 0; r < 10; r++) {
				let i = r % 2 ? 3 : 7.5, a = r * Math.PI / 5 - Math.PI / 2;
				e.lineTo(t + i * Math.cos(a), n + i * Math.sin(a));
			}
			e.closePath(), e.lineWidth = 2.5, e.strokeStyle = r.paper, e.stroke(), e.fillStyle = r.text, e.fill();
		}
		if (!c) return;
		let u = l.map(([e, t]) => [
			e - 8,
			t - 8,
			e + 8,
			t + 8
		]);
		l.forEach(([t, r], a) => {
			if (t < 0 || r < 0 || t > n.width || r > n.height) return;
			let o = Ta(Di(i.text(s, a))), c = e.measureText(o).width, l = [t + 10, t - 10 - c].map((e) => [
				e,
				r - 8,
				e + c,
				r + 8
			]).find((e) => e[0] >= 0 && e[2] <= n.width && !u.some((t, n) => n !== a && Ea(e, t)));
			l && (u.push(l), e.lineWidth = 3.5, e.strokeText(o, l[0], r + 4), e.fillText(o, l[0], r + 4));
		});
	}
	thumbnails(e, t, n, r) {
		let { page: i } = this;
		if (!i.bundle.manifest.pictures || t.zoom < 2) return;
		let a = Math.min(n.width, n.height) * t.zoom * 2, o = i.grid.inside(t.x - n.width / a, t.y - n.height / a, t.x + n.width / a, t.y + n.height / a, (e) => i.passing[e] === 1);
		if (!(o.length > xa)) for (let t of o) {
			let a = this.picture(t);
			if (!a) continue;
			let [o, s] = this.place(t, n), c = Sa / Math.max(a.width, a.height), [l, u] = [a.width * c, a.height * c];
			e.drawImage(a, o - l / 2, s - u / 2, l, u), e.strokeStyle = i.colouring.palette[i.colouring.codes[t]] ?? r.text, e.lineWidth = 2, e.strokeRect(o - l / 2, s - u / 2, l, u);
		}
	}
	picture(e) {
		let t = this.pictures.get(e);
		if (t !== void 0) return t;
		this.pictures.set(e, null);
		let n = this.page.bundle.blob("picture", e);
		return n.length && createImageBitmap(new Blob([n], { type: "image/jpeg" })).then((t) => (this.pictures.set(e, t), this.repaint()), () => void 0), null;
	}
};
function Ta(e) {
	return e.length > 28 ? e.slice(0, 27) + "…" : e;
}
function Ea(e, t) {
	return e[0] < t[2] && t[0] < e[2] && e[1] < t[3] && t[1] < e[3];
}
// src/points.ts
var Da = 128;
function Oa(e, t, n, r) {
	for (let i = 0; i < r.length; i++) r[i] = (e[i] + (t[i] - e[i]) * n) / 65535;
	return r;
}
var ka = class {
	points;
	starts = /* @__PURE__ */ new Uint32Array(16385);
	order;
	constructor(e) {
		this.points = e;
		let t = e.length / 2, n = new Uint32Array(t);
		for (let r = 0; r < t; r++) n[r] = Aa(e[2 * r]) + Da * Aa(e[2 * r + 1]), this.starts[n[r] + 1]++;
		for (let e = 0; e < 16384; e++) this.starts[e + 1] += this.starts[e];
		let r = this.starts.slice();
		this.order = new Uint32Array(t);
		for (let e = 0; e < t; e++) this.order[r[n[e]]++] = e;
	}
	inside(e, t, n, r, i) {
		let a = [];
		for (let o = Aa(t); o <= Aa(r); o++) for (let s = this.starts[Aa(e) + Da * o]; s < this.starts[Aa(n) + Da * o + 1]; s++) {
			let o = this.order[s], c = this.points[2 * o], l = this.points[2 * o + 1];
			c >= e && c <= n && l >= t && l <= r && i(o) && a.push(o);
		}
		return a;
	}
	nearest(e, t, n, r) {
		let i = -1, a = n * n;
		for (let o of this.inside(e - n, t - n, e + n, t + n, r)) {
			let n = (this.points[2 * o] - e) ** 2 + (this.points[2 * o + 1] - t) ** 2;
			n <= a && ([i, a] = [o, n]);
		}
		return i;
	}
};
function Aa(e) {
	return Math.min(127, Math.max(0, Math.floor(e * Da)));
}
function ja(e, t, n) {
	let r = !1;
	for (let i = 0, a = e.length - 1; i < e.length; a = i++) {
		let [o, s] = e[i], [c, l] = e[a];
		s > n != l > n && t < (c - o) * (n - s) / (l - s) + o && (r = !r);
	}
	return r;
}
var Ma = 5e4, Na = "#version 300 es\nin vec2 a_from; in vec2 a_to; in uvec2 a_look;\nuniform vec2 u_centre; uniform vec2 u_scale; uniform float u_t, u_side, u_alpha; uniform uint u_pass;\nuniform sampler2D u_palette;\nflat out vec4 v_colour;\nvoid main() {\n  vec2 at = mix(a_from, a_to, u_t);\n  gl_Position = vec4((at - u_centre) * u_scale, 0.0, 1.0);\n  if (a_look.y != u_pass) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);\n  gl_PointSize = u_side;\n  v_colour = vec4(texelFetch(u_palette, ivec2(int(a_look.x), 0), 0).rgb, 1.0) * u_alpha;\n}", Pa = "#version 300 es\nprecision highp float;\nuniform float u_side;\nflat in vec4 v_colour; out vec4 colour;\nvoid main() {\n  colour = v_colour;\n  // Nobody sees whether two pixels are round.\n  if (u_side < 3.0) return;\n  float edge = (0.5 - length(gl_PointCoord - 0.5)) * u_side;\n  if (edge < 0.0) discard;\n  colour *= clamp(edge, 0.0, 1.0);\n}", Fa = class {
	gl;
	limit = 1e400;
	uniforms = {};
	resident = /* @__PURE__ */ new Map();
	lookBuffer;
	places;
	pair = null;
	n = 0;
	selected = !1;
	constructor(e) {
		this.gl = e;
		let t = e.createProgram();
		for (let [n, r] of [[e.VERTEX_SHADER, Na], [e.FRAGMENT_SHADER, Pa]]) {
			let i = e.createShader(n);
			if (e.shaderSource(i, r), e.compileShader(i), !e.getShaderParameter(i, e.COMPILE_STATUS)) throw Error(e.getShaderInfoLog(i) ?? "");
			e.attachShader(t, i);
		}
		if (e.linkProgram(t), !e.getProgramParameter(t, e.LINK_STATUS)) throw Error(e.getProgramInfoLog(t) ?? "");
		e.useProgram(t);
		for (let n of [
			"u_centre",
			"u_scale",
			"u_t",
			"u_side",
			"u_pass",
			"u_alpha"
		]) this.uniforms[n] = e.getUniformLocation(t, n);
		this.places = [
			"a_from",
			"a_to",
			"a_look"
		].map((n) => e.getAttribLocation(t, n)), this.places.forEach((t) => e.enableVertexAttribArray(t)), this.lookBuffer = e.createBuffer(), e.bindTexture(e.TEXTURE_2D, e.createTexture()), e.texParameteri(e.TEXTURE_2D, e.TEXTURE_MIN_FILTER, e.NEAREST), e.texParameteri(e.TEXTURE_2D, e.TEXTURE_MAG_FILTER, e.NEAREST), e.enable(e.BLEND), e.blendFunc(e.ONE, e.ONE_MINUS_SRC_ALPHA);
	}
	stages(e, t) {
		this.n = e.length / 2, this.pair = [this.buffer(e), this.buffer(t)];
	}
	buffer(e) {
		let t = this.resident.get(e);
		return t || (t = this.gl.createBuffer(), this.gl.bindBuffer(this.gl.ARRAY_BUFFER, t), this.gl.bufferData(this.gl.ARRAY_BUFFER, e, this.gl.STATIC_DRAW), this.resident.set(e, t)), t;
	}
	look(e, t, n) {
		let r = this.gl, i = new Uint8Array(2 * e.length);
		this.selected = !1;
		for (let n = 0; n < e.length; n++) i[2 * n] = e[n], i[2 * n + 1] = t[n], t[n] === 2 && (this.selected = !0);
		r.bindBuffer(r.ARRAY_BUFFER, this.lookBuffer), r.bufferData(r.ARRAY_BUFFER, i, r.DYNAMIC_DRAW);
		let a = new Uint8Array(n.flatMap((e) => [...Ra(e), 255]));
		r.texImage2D(r.TEXTURE_2D, 0, r.RGBA, 256, 1, 0, r.RGBA, r.UNSIGNED_BYTE, a);
	}
	draw({ camera: e, size: t, ratio: n, t: r, side: i, alpha: a, dimmed: o }) {
		let s = this.gl;
		if (s.viewport(0, 0, s.canvas.width, s.canvas.height), s.clearColor(0, 0, 0, 0), s.clear(s.COLOR_BUFFER_BIT), !this.pair) return;
		[...this.pair, this.lookBuffer].forEach((e, t) => {
			s.bindBuffer(s.ARRAY_BUFFER, e), t < 2 ? s.vertexAttribPointer(this.places[t], 2, s.UNSIGNED_SHORT, !0, 0, 0) : s.vertexAttribIPointer(this.places[t], 2, s.UNSIGNED_BYTE, 0, 0);
		});
		let c = ha(e, t);
		s.uniform2f(this.uniforms.u_centre, e.x, e.y), s.uniform2f(this.uniforms.u_scale, 2 * c / t.width, 2 * c / t.height), s.uniform1f(this.uniforms.u_t, r);
		for (let e of this.selected ? [1, 2] : [1]) {
			let t = e === 2;
			s.uniform1f(this.uniforms.u_side, (t ? i + 2 : i) * n), s.uniform1f(this.uniforms.u_alpha, t ? 1 : o ? a * .3 : a), s.uniform1ui(this.uniforms.u_pass, e), s.drawArrays(s.POINTS, 0, this.n);
		}
	}
}, Ia = class {
	context;
	limit = Ma;
	from = /* @__PURE__ */ new Uint16Array();
	to = /* @__PURE__ */ new Uint16Array();
	codes = /* @__PURE__ */ new Uint8Array();
	states = /* @__PURE__ */ new Uint8Array();
	palette = [];
	constructor(e) {
		this.context = e;
	}
	stages(e, t) {
		this.from = e, this.to = t;
	}
	look(e, t, n) {
		this.codes = e, this.states = t, this.palette = n;
	}
	draw({ camera: e, size: t, ratio: n, t: r, side: i, alpha: a, dimmed: o }) {
		let s = this.context;
		s.setTransform(n, 0, 0, n, 0, 0), s.clearRect(0, 0, t.width, t.height);
		let c = Math.ceil(this.codes.length / this.limit);
		for (let n of [1, 2]) {
			s.globalAlpha = n === 2 ? 1 : o ? a * .3 : a;
			let l = (n === 2 ? i + 2 : i) / 2;
			for (let i = 0; i < this.codes.length; i += c) {
				if (this.states[i] !== n) continue;
				let [a, o] = ga(e, t, (this.from[2 * i] + (this.to[2 * i] - this.from[2 * i]) * r) / 65535, (this.from[2 * i + 1] + (this.to[2 * i + 1] - this.from[2 * i + 1]) * r) / 65535);
				a < -l || o < -l || a > t.width + l || o > t.height + l || (s.fillStyle = this.palette[this.codes[i]], s.beginPath(), s.arc(a, o, l, 0, 2 * Math.PI), s.fill());
			}
		}
	}
};
function La(e) {
	let t = e.getContext("webgl2", {
		antialias: !1,
		preserveDrawingBuffer: !0
	});
	if (t) return {
		renderer: new Fa(t),
		note: ""
	};
	let n = e.getContext("2d");
	if (!n) throw Error("This browser can draw neither with WebGL2 nor on a canvas.");
	return {
		renderer: new Ia(n),
		note: "This browser has no WebGL2; points are drawn slowly."
	};
}
function Ra(e) {
	let t = parseInt(e.slice(1), 16);
	return [
		t >> 16,
		t >> 8 & 255,
		t & 255
	];
}
// src/save.ts
function za(e, t) {
	let n = document.createElement("a");
	n.href = URL.createObjectURL(t), n.download = e, n.click(), setTimeout(() => URL.revokeObjectURL(n.href), 1e4);
}
function Ba(e, t) {
	let { bundle: n, step: r } = e, i = n.manifest.fields, a = r < 0 ? [] : [
		"space",
		"screen",
		"moved"
	].filter((e) => n.has(`${e}/${r}`)), o = [[...i.map((e) => e.name), ...a]];
	for (let s of t) {
		let t = a.map((e) => String(n.column(`${e}/${r}`)[s]));
		o.push([...i.map((t) => Va(e, t.column, s)), ...t]);
	}
	return o.map((e) => e.map(Ha).join(",")).join("\r\n") + "\r\n";
}
function Va(e, t, n) {
	let r = e.field(t);
	if (r.kind !== "number") return e.bundle.text(r, n);
	let i = e.bundle.column(t)[n];
	return Number.isNaN(i) ? "" : String(i);
}
function Ha(e) {
	return /[",\r\n]/.test(e) ? `"${e.replaceAll("\"", "\"\"")}"` : e;
}
function Ua(e, t, n) {
	let { width: r, height: i } = t.size, { codes: a, palette: o } = e.colouring, s = [`<svg xmlns="http://www.w3.org/2000/svg" width="${r}" height="${i}" viewBox="0 0 ${r} ${i}">`, `<rect width="100%" height="100%" fill="${n}"/>`];
	for (let n = 0; n < e.n; n++) {
		if (!e.states[n]) continue;
		let [c, l] = ga(t.camera, t.size, e.now[2 * n], e.now[2 * n + 1]);
		if (c < 0 || l < 0 || c > r || l > i) continue;
		let u = e.states[n] === 2, d = u ? 1 : t.dimmed ? t.alpha * .3 : t.alpha, f = ((u ? t.side + 2 : t.side) / 2).toFixed(1), p = `rgb(${Ra(o[a[n]]).join(",")})`;
		s.push(`<circle cx="${c.toFixed(1)}" cy="${l.toFixed(1)}" r="${f}" fill="${p}" fill-opacity="${d.toFixed(2)}"/>`);
	}
	return s.join("\n") + "\n</svg>\n";
}
// src/Plot.svelte
var Wa = /* @__PURE__ */ J("<div><!></div>"), Ga = /* @__PURE__ */ J("<p class=\"empty svelte-9dwqi0\">No item passes the filters.</p>"), Ka = /* @__PURE__ */ J("<div class=\"plot svelte-9dwqi0\" role=\"application\" tabindex=\"0\"><canvas class=\"svelte-9dwqi0\"></canvas> <canvas></canvas> <!> <!></div>");
function qa(e, t) {
	Ue(t, !0);
	let n = vi(t, "page", 7), r, i, a, o = /* @__PURE__ */ N(null), s = /* @__PURE__ */ N(qt({
		width: 0,
		height: 0
	})), c = /* @__PURE__ */ N(-1), l = /* @__PURE__ */ N(qt([0, 0])), u = /* @__PURE__ */ N([]), d = null, f = !1, p = /* @__PURE__ */ N(0), m = /* @__PURE__ */ N(!1), h = /* @__PURE__ */ new Map(), g = new wa(n(), () => Wt(p)), _ = window.devicePixelRatio || 1;
	yi(() => {
		try {
			let e = La(i);
			if (P(o, e.renderer), n().note ||= e.note, n().n > e.renderer.limit) {
				let t = Math.ceil(n().n / e.renderer.limit);
				n().note = `${e.note} One of every ${t} of ${n().n.toLocaleString("en")} points is drawn, the others are left out.`;
			}
		} catch (e) {
			n().note = e.message;
		}
		let e = matchMedia("(prefers-color-scheme: dark)");
		P(m, e.matches, !0), e.addEventListener("change", () => P(m, e.matches, !0));
		let t = new ResizeObserver(() => {
			P(s, {
				width: r.clientWidth,
				height: r.clientHeight
			}, !0);
		});
		return t.observe(r), () => t.disconnect();
	});
	function v() {
		return K(m) ? {
			text: "#e8eaed",
			paper: "#15181c"
		} : {
			text: "#16191d",
			paper: "#ffffff"
		};
	}
	function y(e) {
		let [t, n] = [Math.round(K(s).width * _), Math.round(K(s).height * _)];
		(e.width !== t || e.height !== n) && ([e.width, e.height] = [t, n]);
	}
	function b() {
		let e = ya(n().shown, n().camera, K(s));
		return {
			camera: n().camera,
			size: K(s),
			ratio: _,
			t: n().t,
			...e,
			dimmed: n().selected.length > 0
		};
	}
	_n(() => {
		K(o)?.stages(n().positions(n().start), n().positions(n().end));
	}), _n(() => {
		K(o)?.look(n().colouring.codes, n().states, n().colouring.palette);
	}), _n(() => {
		n().colouring, n().states, n().start, K(m), K(s).width && (y(i), K(o)?.draw(b()));
	}), _n(() => {
		K(p), n().states, n().t, n().colouring;
		let e = K(s).width ? a.getContext("2d") : null;
		y(a), e && g.draw(e, K(s), _, v(), K(u), K(c));
	});
	function x(e) {
		let t = r.getBoundingClientRect();
		return [e.clientX - t.left, e.clientY - t.top];
	}
	function S([e, t]) {
		let [r, i] = _a(n().camera, K(s), e, t);
		return n().grid.nearest(r, i, 14 / ha(n().camera, K(s)), (e) => n().passing[e] === 1);
	}
	function ee(e) {
		e.button === 0 && (a.setPointerCapture(e.pointerId), h.set(e.pointerId, x(e)), d = x(e), f = !1, P(c, -1), (n().tool !== "move" || e.shiftKey) && P(u, [d]));
	}
	function te(e) {
		let t = x(e);
		if (P(l, t, !0), !d) {
			P(c, n().playing ? -1 : S(t), !0);
			return;
		}
		let r = h.get(e.pointerId) ?? t;
		if (h.size === 2) {
			let i = [...h].find(([t]) => t !== e.pointerId)[1], a = ae(t, i) / Math.max(1, ae(r, i));
			n().camera = va(n().camera, K(s), (t[0] + i[0]) / 2, (t[1] + i[1]) / 2, a), f = !0;
		} else if (K(u).length) P(u, n().tool === "box" ? ie(d, t) : [...K(u), t]);
		else {
			let e = ha(n().camera, K(s)), { x: i, y: a, zoom: o } = n().camera;
			n().camera = {
				x: i - (t[0] - r[0]) / e,
				y: a + (t[1] - r[1]) / e,
				zoom: o
			};
		}
		h.set(e.pointerId, t), ae(t, d) > 4 && (f = !0);
	}
	function ne(e) {
		h.delete(e.pointerId), d && !h.size && (f ? K(u).length > 2 && re(e.altKey) : n().picked = S(x(e)), P(u, []), d = null);
	}
	function re(e) {
		let t = K(u).map(([e, t]) => _a(n().camera, K(s), e, t)), r = t.map(([e]) => e), i = t.map(([, e]) => e), a = n().grid.inside(Math.min(...r), Math.min(...i), Math.max(...r), Math.max(...i), (e) => n().passing[e] === 1 && ja(t, n().now[2 * e], n().now[2 * e + 1]));
		n().select(e ? [...n().selected, ...a] : a);
	}
	function ie([e, t], [n, r]) {
		return [
			[e, t],
			[n, t],
			[n, r],
			[e, r]
		];
	}
	function ae(e, t) {
		return Math.hypot(e[0] - t[0], e[1] - t[1]);
	}
	function oe(e) {
		e.preventDefault(), n().camera = va(n().camera, K(s), ...x(e), Math.exp(-e.deltaY * .0016));
	}
	function se(e) {
		let t = .1 / n().camera.zoom, { x: r, y: i, zoom: a } = n().camera, o = {
			ArrowLeft: () => n().camera = {
				x: r - t,
				y: i,
				zoom: a
			},
			ArrowRight: () => n().camera = {
				x: r + t,
				y: i,
				zoom: a
			},
			ArrowUp: () => n().camera = {
				x: r,
				y: i + t,
				zoom: a
			},
			ArrowDown: () => n().camera = {
				x: r,
				y: i - t,
				zoom: a
			},
			"+": () => ce(1.4),
			"=": () => ce(1.4),
			"-": () => ce(1 / 1.4),
			0: () => n().camera = ma,
			n: () => le(1),
			b: () => le(-1),
			Escape: () => (n().select([]), n().picked = -1)
		};
		!(e.key in o) || e.ctrlKey || e.metaKey || (e.preventDefault(), o[e.key]());
	}
	function ce(e) {
		n().camera = va(n().camera, K(s), K(s).width / 2, K(s).height / 2, e);
	}
	function le(e) {
		for (let t = 1; t <= n().n; t++) {
			let r = (((n().picked < 0 ? e > 0 ? -1 : 0 : n().picked) + e * t) % n().n + n().n) % n().n;
			if (n().passing[r]) return void (n().picked = r);
		}
	}
	function ue() {
		let e = document.createElement("canvas");
		[e.width, e.height] = [i.width, i.height];
		let t = e.getContext("2d");
		t && K(o) && (K(o).draw(b()), t.fillStyle = v().paper, t.fillRect(0, 0, e.width, e.height), t.drawImage(i, 0, 0), t.drawImage(a, 0, 0), e.toBlob((e) => e && za("view.png", e)));
	}
	function de() {
		za("view.svg", new Blob([Ua(n(), b(), v().paper)], { type: "image/svg+xml" }));
	}
	var fe = {
		savePng: ue,
		saveSvg: de
	}, pe = Ka(), me = F(pe);
	hi(me, (e) => i = e, () => i);
	var C = L(me, 2);
	let he;
	hi(C, (e) => a = e, () => a);
	var ge = L(C, 2), w = (e) => {
		var t = Wa();
		let r, i;
		ca(F(t), {
			get page() {
				return n();
			},
			get row() {
				return K(c);
			},
			brief: !0
		}), O(t), R((e) => {
			r = Gr(t, 1, "hover svelte-9dwqi0", null, r, { left: K(l)[0] > K(s).width / 2 }), i = qr(t, "", i, {
				left: `${K(l)[0] ?? ""}px`,
				top: e
			});
		}, [() => `${Math.min(K(l)[1], K(s).height - 150)}px`]), Y(e, t);
	};
	Z(ge, (e) => {
		K(c) >= 0 && K(c) < n().n && e(w);
	});
	var _e = L(ge, 2), ve = (e) => {
		Y(e, Ga());
	};
	return Z(_e, (e) => {
		n().shown === 0 && e(ve);
	}), O(pe), hi(pe, (e) => r = e, () => r), R((e) => {
		$(pe, "aria-label", `Map of ${e ?? ""} items. Arrow keys move, plus and minus zoom, 0 shows all, n and b go from item to item.`), he = Gr(C, 1, "svelte-9dwqi0", null, he, { draws: n().tool !== "move" });
	}, [() => n().shown.toLocaleString("en")]), q("keydown", pe, se), q("pointerdown", C, ee), q("pointermove", C, te), q("pointerup", C, ne), fr("pointercancel", C, ne), fr("pointerleave", C, () => P(c, -1)), fr("wheel", C, oe), Y(e, pe), We(fe);
}
pr([
	"keydown",
	"pointerdown",
	"pointermove",
	"pointerup"
]);
// src/Scrubber.svelte
var Ja = /* @__PURE__ */ J("<button> </button>"), Ya = /* @__PURE__ */ J("<div class=\"scrubber svelte-12ad2un\"><button> </button> <button aria-label=\"Previous stage\">‹</button> <button aria-label=\"Next stage\">›</button> <div class=\"track svelte-12ad2un\"><input type=\"range\" min=\"0\" step=\"0.01\" aria-label=\"Stage\" class=\"svelte-12ad2un\"/> <div class=\"names svelte-12ad2un\"></div></div></div>");
function Xa(e, t) {
	Ue(t, !0);
	let n = vi(t, "page", 7), r = /* @__PURE__ */ j(() => n().stages.length - 1);
	_n(() => {
		if (!n().playing) return;
		let e = performance.now(), t = 0, i = requestAnimationFrame(function a(o) {
			let s = Math.min(.1, (o - e) / 1e3);
			if (e = o, t > 0) t -= s;
			else {
				let e = n().at + s / 1.6, i = Math.floor(n().at + 1e-6) + 1;
				n().at = Math.min(e, i, K(r)), n().at >= i && (t = .5), n().at >= K(r) && (n().playing = !1);
			}
			n().playing && (i = requestAnimationFrame(a));
		});
		return () => cancelAnimationFrame(i);
	});
	function i() {
		!n().playing && n().at >= K(r) && (n().at = 0), n().playing = !n().playing;
	}
	function a(e) {
		n().playing = !1, n().at = Math.min(K(r), Math.max(0, e > 0 ? Math.floor(n().at + 1e-6) + 1 : Math.ceil(n().at - 1e-6) - 1));
	}
	var o = xr(), s = an(o), c = (e) => {
		var t = Ya(), o = F(t), s = I(o, !0), c = L(o, 2), l = L(c, 2), u = L(l, 2), d = F(u);
		ai(d);
		var f = L(d, 2);
		Q(f, 21, () => n().stages, jr, (e, t, r) => {
			var i = Ja();
			let a;
			var o = I(i, !0);
			R(() => {
				a = Gr(i, 1, "name svelte-12ad2un", null, a, { now: r === n().stage }), $(i, "aria-current", r === n().stage ? "step" : void 0), X(o, K(t));
			}), q("click", i, () => (n().playing = !1, n().at = r)), Y(e, i);
		}), O(f), O(u), O(t), R(() => {
			$(o, "aria-label", n().playing ? "Pause" : "Play"), X(s, n().playing ? "❚❚" : "▶"), c.disabled = n().at <= 0, l.disabled = n().at >= K(r), $(d, "max", K(r)), $(d, "aria-valuetext", `${n().stages[n().stage] ?? ""}, ${n().stage + 1} of ${K(r) + 1}`);
		}), q("click", o, i), q("click", c, () => a(-1)), q("click", l, () => a(1)), q("input", d, () => n().playing = !1), di(d, () => n().at, (e) => n().at = e), Y(e, t);
	};
	Z(s, (e) => {
		K(r) > 0 && e(c);
	}), Y(e, o), We();
}
pr(["click", "input"]);
// src/Verdict.svelte
var Za = /* @__PURE__ */ J("<p> </p>"), Qa = /* @__PURE__ */ J("<li> </li>"), $a = /* @__PURE__ */ J("<section aria-label=\"Verdict\"><p class=\"verdict svelte-19834y8\"><strong class=\"svelte-19834y8\"> </strong> <span class=\"quiet\"> </span></p> <!> <ul class=\"svelte-19834y8\"></ul> <details><summary> </summary> <ul class=\"svelte-19834y8\"></ul> <code class=\"svelte-19834y8\"> </code></details></section>");
function eo(e, t) {
	Ue(t, !0);
	var n = $a(), r = F(n), i = F(r), a = I(i, !0), o = I(L(i, 2));
	O(r);
	var s = L(r, 2), c = (e) => {
		var n = Za(), r = I(n);
		R((e) => X(r, `Flags: ${e ?? ""}`), [() => t.verdict.flags.join(", ")]), Y(e, n);
	};
	Z(s, (e) => {
		t.verdict.flags.length && e(c);
	});
	var l = L(s, 2);
	Q(l, 21, () => t.verdict.because.slice(0, 2), jr, (e, t) => {
		var n = Qa(), r = I(n, !0);
		R(() => X(r, K(t))), Y(e, n);
	}), O(l);
	var u = L(l, 2), d = F(u), f = I(d), p = L(d, 2);
	Q(p, 21, () => t.verdict.because.slice(2), jr, (e, t) => {
		var n = Qa(), r = I(n, !0);
		R(() => X(r, K(t))), Y(e, n);
	}), O(p);
	var m = I(L(p, 2), !0);
	O(u), O(n), R(() => {
		X(a, t.verdict.word), X(o, `verdict of ${t.verdict.verb ?? ""}`), X(f, `${t.verdict.because.length > 2 ? `${t.verdict.because.length - 2} more reasons, and how` : "How"} to repeat it`), X(m, t.verdict.replay);
	}), Y(e, n), We();
}
// src/App.svelte
var to = /* @__PURE__ */ J("<button> </button>"), no = /* @__PURE__ */ J("<button>Arrows</button>"), ro = /* @__PURE__ */ J("<button>Links</button>"), io = /* @__PURE__ */ J("<div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Draw\"><!> <!></div>"), ao = /* @__PURE__ */ J("<p class=\"warning svelte-1n46o8q\" role=\"alert\"> </p>"), oo = /* @__PURE__ */ J("<section aria-label=\"Selection\"><h2>Selection <span class=\"count\"> </span></h2> <button>CSV</button> <button>Clear</button></section>"), so = /* @__PURE__ */ J("<option> </option>"), co = /* @__PURE__ */ J("<div class=\"scale svelte-1n46o8q\"></div> <div class=\"ends svelte-1n46o8q\"><span> </span><span> </span></div>", 1), lo = /* @__PURE__ */ J("<li class=\"svelte-1n46o8q\"><i class=\"svelte-1n46o8q\"></i><span dir=\"auto\" class=\"svelte-1n46o8q\"> </span><b class=\"svelte-1n46o8q\"> </b></li>"), uo = /* @__PURE__ */ J("<li class=\"svelte-1n46o8q\"><i class=\"star svelte-1n46o8q\" aria-hidden=\"true\">★</i><span class=\"svelte-1n46o8q\"> </span><b class=\"svelte-1n46o8q\"> </b></li>"), fo = /* @__PURE__ */ J("<div class=\"page svelte-1n46o8q\"><header class=\"svelte-1n46o8q\"><h1 class=\"svelte-1n46o8q\"> </h1> <div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Pointer\"></div> <!> <div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Save\"><button>PNG</button> <button>SVG</button> <button>Link</button></div> <span role=\"status\" class=\"quiet\"> </span></header> <main class=\"svelte-1n46o8q\"><!> <!></main> <aside aria-label=\"Details\" tabindex=\"0\" class=\"svelte-1n46o8q\"><!> <!> <!> <!> <section aria-label=\"Colour\"><h2><label for=\"colour\">Colour</label></h2> <select id=\"colour\" class=\"svelte-1n46o8q\"></select> <!> <ul class=\"svelte-1n46o8q\"><!> <!></ul></section> <!> <!> <p class=\"quiet\"> </p></aside></div>");
function po(e, t) {
	Ue(t, !0);
	let n = vi(t, "page", 7), r, i = /* @__PURE__ */ N(""), a = [
		["move", "Move"],
		["box", "Box"],
		["lasso", "Lasso"]
	];
	_n(() => {
		let e = n().link(), t = setTimeout(() => o(e), 200);
		return () => clearTimeout(t);
	}), _n(() => {
		let e = Array.from(n().selected, (e) => n().bundle.id(e));
		window.parent !== window && window.parent.postMessage({
			repscope: "selection",
			ids: e
		}, "*");
	});
	function o(e) {
		location.protocol !== "about:" && history.replaceState(null, "", e);
	}
	async function s() {
		let e = location.href.split("#")[0] + n().link();
		o(n().link());
		try {
			await navigator.clipboard.writeText(e), P(i, "Link copied");
		} catch {
			P(i, "The link is in the address bar");
		}
		setTimeout(() => P(i, ""), 2500);
	}
	function c() {
		za("selection.csv", new Blob([Ba(n(), n().selected)], { type: "text/csv" }));
	}
	var l = fo(), u = F(l), d = F(u), f = I(d, !0), p = L(d, 2);
	Q(p, 21, () => a, ([e, t]) => e, (e, t) => {
		var r = /* @__PURE__ */ j(() => m(K(t), 2));
		let i = () => K(r)[0], a = () => K(r)[1];
		var o = to(), s = I(o, !0);
		R(() => {
			$(o, "aria-pressed", n().tool === i()), X(s, a());
		}), q("click", o, () => n().tool = i()), Y(e, o);
	}), O(p);
	var h = L(p, 2), g = (e) => {
		var t = io(), r = F(t), i = (e) => {
			var t = no();
			R(() => $(t, "aria-pressed", n().arrows)), q("click", t, () => n().arrows = !n().arrows), Y(e, t);
		};
		Z(r, (e) => {
			n().step >= 0 && e(i);
		});
		var a = L(r, 2), o = (e) => {
			var t = ro();
			R(() => $(t, "aria-pressed", n().links)), q("click", t, () => n().links = !n().links), Y(e, t);
		}, s = /* @__PURE__ */ j(() => n().bundle.has("reference/of"));
		Z(a, (e) => {
			K(s) && e(o);
		}), O(t), Y(e, t);
	}, _ = /* @__PURE__ */ j(() => n().step >= 0 || n().bundle.has("reference/of"));
	Z(h, (e) => {
		K(_) && e(g);
	});
	var v = L(h, 2), y = F(v), b = L(y, 2), x = L(b, 2);
	O(v);
	var S = I(L(v, 2), !0);
	O(u);
	var ee = L(u, 2), te = F(ee);
	hi(qa(te, { get page() {
		return n();
	} }), (e) => r = e, () => r), Xa(L(te, 2), { get page() {
		return n();
	} }), O(ee);
	var ne = L(ee, 2), re = F(ne), ie = (e) => {
		var t = ao(), r = I(t, !0);
		R(() => X(r, n().note)), Y(e, t);
	};
	Z(re, (e) => {
		n().note && e(ie);
	});
	var ae = L(re, 2), oe = (e) => {
		pa(e, { get page() {
			return n();
		} });
	};
	Z(ae, (e) => {
		n().picked >= 0 && e(oe);
	});
	var se = L(ae, 2), ce = (e) => {
		var t = oo(), r = F(t), i = I(L(F(r)));
		O(r);
		var a = L(r, 2), o = L(a, 2);
		O(t), R((e) => X(i, `${e ?? ""} items`), [() => n().selected.length.toLocaleString("en")]), q("click", a, c), q("click", o, () => n().select([])), Y(e, t);
	};
	Z(se, (e) => {
		n().selected.length && e(ce);
	});
	var le = L(se, 2), ue = (e) => {
		eo(e, { get verdict() {
			return n().bundle.manifest.verdict;
		} });
	};
	Z(le, (e) => {
		n().bundle.manifest.verdict && e(ue);
	});
	var de = L(le, 2), fe = L(F(de), 2);
	Q(fe, 21, () => n().choices, (e) => e.key, (e, t) => {
		var n = so(), r = I(n, !0), i = {};
		R(() => {
			X(r, K(t).name), i !== (i = K(t).key) && (n.value = (n.__value = i) ?? "");
		}), Y(e, n);
	}), O(fe), Zr(fe);
	var pe = L(fe, 2), me = (e) => {
		var t = co(), r = an(t);
		let i;
		var a = L(r, 2), o = F(a), s = I(o, !0), c = I(L(o), !0);
		O(a), R((e, t, n) => {
			i = qr(r, "", i, { background: e }), X(s, t), X(c, n);
		}, [
			() => `linear-gradient(90deg, ${n().colouring.palette.filter((e, t) => t % 32 == 0 && t < 255).join(",") ?? ""})`,
			() => Oi(n().colouring.legend.range[0]),
			() => Oi(n().colouring.legend.range[1])
		]), Y(e, t);
	};
	Z(pe, (e) => {
		n().colouring.legend.range && e(me);
	});
	var C = L(pe, 2), he = F(C);
	Q(he, 17, () => n().colouring.legend.kinds, (e) => e.name, (e, t) => {
		var n = lo(), r = F(n);
		let i;
		var a = L(r), o = I(a, !0), s = I(L(a), !0);
		O(n), R((e, n) => {
			i = qr(r, "", i, { background: K(t).colour }), X(o, e), a.dir = a.dir, X(s, n);
		}, [() => Di(K(t).name), () => K(t).count.toLocaleString("en")]), Y(e, n);
	});
	var ge = L(he, 2), w = (e) => {
		var t = uo(), r = L(F(t)), i = I(r, !0), a = I(L(r), !0);
		O(t), R((e) => {
			X(i, n().bundle.manifest.reference.name), X(a, e);
		}, [() => n().bundle.manifest.reference.n.toLocaleString("en")]), Y(e, t);
	};
	Z(ge, (e) => {
		n().bundle.manifest.reference && e(w);
	}), O(C), O(de);
	var _e = L(de, 2);
	Ci(_e, { get page() {
		return n();
	} });
	var ve = L(_e, 2);
	$i(ve, { get page() {
		return n();
	} });
	var ye = I(L(ve, 2));
	O(ne), O(l), R(() => {
		X(f, n().bundle.manifest.title), X(S, K(i)), X(ye, `Made by repscope ${n().bundle.manifest.version ?? ""}.`);
	}), q("click", y, () => r.savePng()), q("click", b, () => r.saveSvg()), q("click", x, s), Qr(fe, () => n().colourBy, (e) => n().colourBy = e), Y(e, l), We();
}
pr(["click"]);
// src/state.svelte.ts
var mo = 6e3, ho = class {
	bundle;
	n;
	#e = /* @__PURE__ */ N(0);
	get at() {
		return K(this.#e);
	}
	set at(e) {
		P(this.#e, e, !0);
	}
	#t = /* @__PURE__ */ N(!1);
	get playing() {
		return K(this.#t);
	}
	set playing(e) {
		P(this.#t, e, !0);
	}
	#n = /* @__PURE__ */ N(ma);
	get camera() {
		return K(this.#n);
	}
	set camera(e) {
		P(this.#n, e);
	}
	#r = /* @__PURE__ */ N("");
	get colourBy() {
		return K(this.#r);
	}
	set colourBy(e) {
		P(this.#r, e, !0);
	}
	#i = /* @__PURE__ */ N(qt({}));
	get filters() {
		return K(this.#i);
	}
	set filters(e) {
		P(this.#i, e, !0);
	}
	#a = /* @__PURE__ */ N("");
	get search() {
		return K(this.#a);
	}
	set search(e) {
		P(this.#a, e, !0);
	}
	#o = /* @__PURE__ */ N(-1);
	get picked() {
		return K(this.#o);
	}
	set picked(e) {
		P(this.#o, e, !0);
	}
	#s = /* @__PURE__ */ N(/* @__PURE__ */ new Uint32Array());
	get selected() {
		return K(this.#s);
	}
	set selected(e) {
		P(this.#s, e);
	}
	#c = /* @__PURE__ */ N("move");
	get tool() {
		return K(this.#c);
	}
	set tool(e) {
		P(this.#c, e, !0);
	}
	#l = /* @__PURE__ */ N(!1);
	get arrows() {
		return K(this.#l);
	}
	set arrows(e) {
		P(this.#l, e, !0);
	}
	#u = /* @__PURE__ */ N(!1);
	get links() {
		return K(this.#u);
	}
	set links(e) {
		P(this.#u, e, !0);
	}
	#d = /* @__PURE__ */ N("");
	get note() {
		return K(this.#d);
	}
	set note(e) {
		P(this.#d, e, !0);
	}
	lower = null;
	constructor(e) {
		this.bundle = e, this.n = e.manifest.n;
		let t = e.manifest.fields.find((e) => e.kind === "category");
		this.colourBy = t ? t.column : "", this.readLink(location.hash);
	}
	get stages() {
		return this.bundle.manifest.stages.map((e) => e.name);
	}
	#f = /* @__PURE__ */ j(() => Math.max(0, Math.min(Math.floor(this.at), this.stages.length - 2)));
	get start() {
		return K(this.#f);
	}
	set start(e) {
		P(this.#f, e);
	}
	#p = /* @__PURE__ */ j(() => Math.min(this.start + 1, this.stages.length - 1));
	get end() {
		return K(this.#p);
	}
	set end(e) {
		P(this.#p, e);
	}
	#m = /* @__PURE__ */ j(() => this.at - this.start);
	get t() {
		return K(this.#m);
	}
	set t(e) {
		P(this.#m, e);
	}
	#h = /* @__PURE__ */ j(() => Math.min(this.stages.length - 1, Math.round(this.at)));
	get stage() {
		return K(this.#h);
	}
	set stage(e) {
		P(this.#h, e);
	}
	#g = /* @__PURE__ */ j(() => this.bundle.manifest.steps.findIndex((e) => e.from === this.start && e.to === this.end));
	get step() {
		return K(this.#g);
	}
	set step(e) {
		P(this.#g, e);
	}
	positions(e) {
		return this.bundle.column(`position/${e}`);
	}
	get measures() {
		let e = [];
		return this.step >= 0 && (e.push({
			key: "moved",
			name: "Moved: in space, on screen"
		}), e.push({
			key: "space",
			name: "Distance moved in space"
		}), e.push({
			key: "screen",
			name: "Distance moved on screen"
		})), this.bundle.has("kept/0") && e.push({
			key: "kept",
			name: "Neighbours that the map keeps"
		}), e;
	}
	get choices() {
		return [
			{
				key: "",
				name: "One colour"
			},
			...this.bundle.manifest.fields.filter((e) => e.kind !== "text").map((e) => ({
				key: e.column,
				name: e.name
			})),
			...this.measures
		];
	}
	field(e) {
		return this.bundle.manifest.fields.find((t) => t.column === e);
	}
	values(e) {
		return e === "kept" ? this.bundle.column(`kept/${this.stage}`) : [
			"moved",
			"space",
			"screen"
		].includes(e) ? this.bundle.column(`${e}/${this.step}`) : this.bundle.column(e);
	}
	#_ = /* @__PURE__ */ j(() => {
		let e = this.colourBy;
		if (!e || e === "moved" && this.step < 0) return Li(this.n);
		if (e === "moved") return zi(this.values(e));
		let t = this.field(e);
		return t?.kind === "category" ? Ri(this.values(e), t.values ?? []) : Bi(this.values(e));
	});
	get colouring() {
		return K(this.#_);
	}
	set colouring(e) {
		P(this.#_, e);
	}
	#v = /* @__PURE__ */ j(() => {
		let e = new Uint8Array(this.n).fill(1);
		for (let [t, n] of Object.entries(this.filters)) {
			let r = this.values(t);
			if ("off" in n) {
				let t = new Set(n.off);
				for (let n = 0; n < this.n; n++) t.has(r[n]) && (e[n] = 0);
			} else {
				let [t, i] = n.range;
				for (let n = 0; n < this.n; n++) r[n] >= t && r[n] <= i || (e[n] = 0);
			}
		}
		let t = this.search.trim().toLowerCase();
		if (t) {
			let n = this.searchable();
			for (let r = 0; r < this.n; r++) n[r].includes(t) || (e[r] = 0);
		}
		return e;
	});
	get passing() {
		return K(this.#v);
	}
	set passing(e) {
		P(this.#v, e);
	}
	#y = /* @__PURE__ */ j(() => this.passing.reduce((e, t) => e + t, 0));
	get shown() {
		return K(this.#y);
	}
	set shown(e) {
		P(this.#y, e);
	}
	#b = /* @__PURE__ */ j(() => {
		let e = new Uint8Array(this.n);
		for (let t = 0; t < this.n; t++) e[t] = +!!this.passing[t];
		for (let t of this.selected) e[t] && (e[t] = 2);
		return e;
	});
	get states() {
		return K(this.#b);
	}
	set states(e) {
		P(this.#b, e);
	}
	#x = /* @__PURE__ */ j(() => Oa(this.positions(this.start), this.positions(this.end), this.t, new Float32Array(2 * this.n)));
	get now() {
		return K(this.#x);
	}
	set now(e) {
		P(this.#x, e);
	}
	#S = /* @__PURE__ */ j(() => new ka(this.now));
	get grid() {
		return K(this.#S);
	}
	set grid(e) {
		P(this.#S, e);
	}
	isOn(e, t) {
		let n = this.filters[e];
		return !n || !("off" in n) || !n.off.includes(t);
	}
	toggle(e, t) {
		let n = this.filters[e], r = new Set(n && "off" in n ? n.off : []);
		r.delete(t) || r.add(t), r.size ? this.filters = {
			...this.filters,
			[e]: { off: [...r].sort((e, t) => e - t) }
		} : this.clear(e);
	}
	only(e, t, n) {
		let r = Array.from({ length: n }, (e, t) => t).filter((e) => e !== t);
		this.filters = {
			...this.filters,
			[e]: { off: r }
		};
	}
	brush(e, t) {
		this.filters = {
			...this.filters,
			[e]: { range: t }
		};
	}
	clear(e) {
		let { [e]: t, ...n } = this.filters;
		this.filters = n;
	}
	clearAll() {
		this.filters = {}, this.search = "";
	}
	select(e) {
		this.selected = Uint32Array.from(new Set(e)).sort();
	}
	spreadOf(e) {
		return Vi(this.values(e));
	}
	near(e, t) {
		let n = this.bundle.manifest.k;
		return n ? Array.from(this.bundle.column(`near/${e}`).subarray(t * n, (t + 1) * n)) : [];
	}
	searchable() {
		return this.lower ??= Array.from({ length: this.n }, (e, t) => this.bundle.manifest.fields.filter((e) => e.kind !== "number").map((e) => this.bundle.text(e, t)).join("\n").toLowerCase()), this.lower;
	}
	link() {
		let { x: e, y: t, zoom: n } = this.camera, r = new URLSearchParams({
			at: String(Number(this.at.toFixed(3))),
			view: [
				e,
				t,
				n
			].map((e) => Number(e.toFixed(4))).join(","),
			colour: this.colourBy
		});
		Object.keys(this.filters).length && r.set("filter", JSON.stringify(this.filters)), this.search && r.set("search", this.search), this.picked >= 0 && r.set("item", this.bundle.id(this.picked)), this.arrows && r.set("arrows", "1");
		let i = go(this.selected);
		return i && i.length < mo && r.set("rows", i), "#" + r.toString();
	}
	readLink(e) {
		let t = new URLSearchParams(e.slice(1)), n = Number(t.get("at"));
		n > 0 && n <= this.stages.length - 1 && (this.at = n);
		let r = (t.get("view") ?? "").split(",").map(Number);
		r.length === 3 && r.every(Number.isFinite) && r[2] > 0 && (this.camera = {
			x: r[0],
			y: r[1],
			zoom: r[2]
		});
		let i = t.get("colour");
		i !== null && this.choices.some((e) => e.key === i) && (this.colourBy = i);
		try {
			let e = JSON.parse(t.get("filter") ?? "{}"), n = Object.entries(e).filter(([e, t]) => this.choices.some((t) => t.key === e) && ("off" in t && Array.isArray(t.off) || "range" in t && t.range.length === 2));
			this.filters = Object.fromEntries(n);
		} catch {
			this.note = "The filters in this link could not be read.";
		}
		this.search = t.get("search") ?? "", this.arrows = t.has("arrows");
		let a = t.get("item");
		if (a !== null) for (let e = 0; e < this.n && this.picked < 0; e++) this.bundle.id(e) === a && (this.picked = e);
		this.select(_o(t.get("rows") ?? "", this.n));
	}
};
function go(e) {
	return Array.from(e, (t, n) => (t - (n ? e[n - 1] : 0)).toString(36)).join(".");
}
function _o(e, t) {
	if (!e) return [];
	let n = 0;
	return e.split(".").map((e) => n += parseInt(e, 36)).filter((e) => e >= 0 && e < t);
}
// src/main.ts
var vo = document.getElementById("app");
try {
	Er(po, {
		target: vo,
		props: { page: new ho(await ki()) }
	});
} catch (e) {
	let t = document.createElement("p");
	t.className = "failed", t.textContent = `This page cannot be shown: ${e.message}`, vo.append(t);
}
