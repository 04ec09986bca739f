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
var h = 1024, g = 2048, _ = 4096, v = 8192, y = 16384, b = 32768, x = 1 << 25, S = 65536, ee = 1 << 19, te = 1 << 20, ne = 1 << 25, re = 1 << 21, ie = 1 << 22, ae = 1 << 23, oe = Symbol("$state"), se = Symbol("component"), ce = Symbol("legacy props"), le = Symbol(""), ue = Symbol("attributes"), de = Symbol("class"), fe = Symbol("style"), C = Symbol("text"), pe = Symbol("form reset"), w = new class extends Error {
	name = "StaleReactionError";
	message = "The reaction that called `getAbortSignal()` was re-run or destroyed";
}(), me = !!globalThis.document?.contentType && /* @__PURE__ */ globalThis.document.contentType.includes("xml"), he = {}, T = Symbol("uninitialized"), ge = "http://www.w3.org/1999/xhtml";
function _e() {
	console.warn("https://svelte.dev/e/derived_inert");
}
function ve(e) {
	console.warn("https://svelte.dev/e/hydration_mismatch");
}
function ye() {
	console.warn("https://svelte.dev/e/select_multiple_invalid_value");
}
function be() {
	console.warn("https://svelte.dev/e/svelte_boundary_reset_noop");
}
// node_modules/svelte/src/internal/client/dom/hydration.js
var E = !1;
function xe(e) {
	E = e;
}
var D;
function O(e) {
	if (e === null) throw ve(), he;
	return D = e;
}
function Se() {
	return O(/* @__PURE__ */ tn(D));
}
function k(e) {
	if (E) {
		if (/* @__PURE__ */ tn(D) !== null) throw ve(), he;
		D = e;
	}
}
function Ce(e = 1) {
	if (E) {
		for (var t = e, n = D; t--;) n = /* @__PURE__ */ tn(n);
		D = n;
	}
}
function we(e = !0) {
	for (var t = 0, n = D;;) {
		if (n.nodeType === 8) {
			var r = n.data;
			if (r === "]") {
				if (t === 0) return n;
				--t;
			} else (r === "[" || r === "[!" || r[0] === "[" && !isNaN(Number(r.slice(1)))) && (t += 1);
		}
		var i = /* @__PURE__ */ tn(n);
		e && n.remove(), n = i;
	}
}
function Te(e) {
	if (!e || e.nodeType !== 8) throw ve(), he;
	return e.data;
}
// node_modules/svelte/src/internal/client/reactivity/equality.js
function Ee(e) {
	return e === this.v;
}
function De(e, t) {
	return e == e ? e !== t || typeof e == "object" && !!e || typeof e == "function" : t == t;
}
function Oe(e) {
	return !De(e, this.v);
}
// node_modules/svelte/src/internal/shared/errors.js
function ke(e) {
	throw Error("https://svelte.dev/e/lifecycle_outside_component");
}
// node_modules/svelte/src/internal/client/errors.js
function Ae() {
	throw Error("https://svelte.dev/e/async_derived_orphan");
}
function je(e, t, n) {
	throw Error("https://svelte.dev/e/each_key_duplicate");
}
function Me(e) {
	throw Error("https://svelte.dev/e/effect_in_teardown");
}
function Ne() {
	throw Error("https://svelte.dev/e/effect_in_unowned_derived");
}
function Pe(e) {
	throw Error("https://svelte.dev/e/effect_orphan");
}
function Fe() {
	throw Error("https://svelte.dev/e/effect_update_depth_exceeded");
}
function Ie(e) {
	throw Error("https://svelte.dev/e/props_invalid_value");
}
function Le() {
	throw Error("https://svelte.dev/e/state_descriptors_fixed");
}
function Re() {
	throw Error("https://svelte.dev/e/state_prototype_fixed");
}
function ze() {
	throw Error("https://svelte.dev/e/state_unsafe_mutation");
}
function Be() {
	throw Error("https://svelte.dev/e/svelte_boundary_reset_onerror");
}
// node_modules/svelte/src/internal/client/context.js
var A = null;
function Ve(e) {
	A = e;
}
function He(e, t = !1, n) {
	A = {
		p: A,
		i: !1,
		c: null,
		e: null,
		s: e,
		x: null,
		r: U,
		l: null
	};
}
function Ue(e) {
	var t = A, n = t.e;
	if (n !== null) {
		t.e = null;
		for (var r of n) gn(r);
	}
	return e !== void 0 && (t.x = e), t.i = !0, A = t.p, We(e);
}
function We(e = {}) {
	return i(e, se, { value: !0 }), e;
}
function Ge() {
	return !0;
}
// node_modules/svelte/src/internal/client/dom/task.js
var Ke = [];
function qe() {
	var e = Ke;
	Ke = [], f(e);
}
function Je(e) {
	if (Ke.length === 0 && !bt) {
		var t = Ke;
		queueMicrotask(() => {
			t === Ke && qe();
		});
	}
	Ke.push(e);
}
function Ye() {
	for (; Ke.length > 0;) qe();
}
// node_modules/svelte/src/internal/client/reactivity/status.js
var Xe = ~(g | _ | h);
function j(e, t) {
	e.f = e.f & Xe | t;
}
function Ze(e) {
	e.f & 512 || e.deps === null ? j(e, h) : j(e, _);
}
// node_modules/svelte/src/internal/client/reactivity/utils.js
function Qe(e, t) {
	e.f & 2048 ? t.set(e, g) : e.f & 4096 && t.get(e) !== 2048 && t.set(e, _), j(e, h);
}
// node_modules/svelte/src/internal/client/dom/elements/misc.js
var $e = !1;
function et() {
	$e || ($e = !0, document.addEventListener("reset", (e) => {
		Promise.resolve().then(() => {
			if (!e.defaultPrevented) for (let t of e.target.elements) t[pe]?.();
		});
	}, { capture: !0 }));
}
// node_modules/svelte/src/internal/client/dom/elements/bindings/shared.js
function tt(e) {
	var t = H, n = U;
	Ln(null), Rn(null);
	try {
		return e();
	} finally {
		Ln(t), Rn(n);
	}
}
function nt(e, t, n, r = n) {
	e.addEventListener(t, () => tt(n));
	let i = e[pe];
	e[pe] = i ? () => {
		i(), r(!0);
	} : () => r(!0), et();
}
// node_modules/svelte/src/internal/client/reactivity/async.js
function rt(e, t, n, r) {
	let i = Ge() ? st : ut;
	var a = e.filter((e) => !e.settled), o = t.map(i);
	if (n.length === 0 && a.length === 0) {
		r(o);
		return;
	}
	var s = U, c = it(), l = a.length === 1 ? a[0].promise : a.length > 1 ? Promise.all(a.map((e) => e.promise)) : null;
	function u(e) {
		if (!(s.f & 16384)) {
			c();
			try {
				r([...o, ...e]);
			} catch (e) {
				ln(e, s);
			}
			at();
		}
	}
	var d = ot();
	if (n.length === 0) {
		l.then(() => u([])).finally(d);
		return;
	}
	function f() {
		Promise.all(n.map((e) => /* @__PURE__ */ lt(e))).then(u).catch((e) => ln(e, s)).finally(d);
	}
	l ? l.then(() => {
		s.f & 16384 ? d() : (c(), f(), at());
	}) : f();
}
function it() {
	var e = U, t = H, n = A, r = N;
	return function(i = !0) {
		Rn(e), Ln(t), Ve(n), i && !(e.f & 16384) && (r?.activate(), r?.apply());
	};
}
function at(e = !0) {
	Rn(null), Ln(null), Ve(null), e && N?.deactivate();
}
function ot() {
	var e = U, t = e.b, n = N, r = !!t?.is_rendered();
	return t?.update_pending_count(1, n), n.increment(r, e), () => {
		t?.update_pending_count(-1, n), n.decrement(r, e);
	};
}
/*#__NO_SIDE_EFFECTS__*/
function st(e) {
	var t = 2 | g;
	return U !== null && (U.f |= ee), {
		ctx: A,
		deps: null,
		effects: null,
		equals: Ee,
		f: t,
		fn: e,
		reactions: null,
		rv: 0,
		v: T,
		wv: 0,
		parent: U,
		ac: null
	};
}
var ct = Symbol("obsolete");
/*#__NO_SIDE_EFFECTS__*/
function lt(e, t, n) {
	let r = U;
	r === null && Ae();
	var i = void 0, a = Lt(T), o = !H, s = /* @__PURE__ */ new Set();
	return yn(() => {
		var t = U, n = p();
		i = n.promise;
		try {
			Promise.resolve(e()).then(n.resolve, (e) => {
				e !== w && n.reject(e);
			}).finally(at);
		} catch (e) {
			n.reject(e), at();
		}
		var c = N;
		if (o) {
			if (t.f & 32768) var l = ot();
			if (r.b?.is_rendered()) c.async_deriveds.get(t)?.reject(ct);
			else for (let e of s.values()) e.reject(ct);
			s.add(n), c.async_deriveds.set(t, n);
		}
		let u = (e, t = void 0) => {
			l?.(), s.delete(n), t !== ct && (c.activate(), t ? (a.f |= ae, Vt(a, t)) : (a.f & 8388608 && (a.f ^= ae), Vt(a, e)), c.deactivate());
		};
		n.promise.then(u, (e) => u(null, e || "unknown"));
	}), mn(() => {
		for (let e of s) e.reject(ct);
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
function M(e) {
	let t = /* @__PURE__ */ st(e);
	return Bn(t), t;
}
/*#__NO_SIDE_EFFECTS__*/
function ut(e) {
	let t = /* @__PURE__ */ st(e);
	return t.equals = Oe, t;
}
function dt(e) {
	var t = e.effects;
	if (t !== null) {
		e.effects = null;
		for (var n = 0; n < t.length; n += 1) V(t[n]);
	}
}
function ft(e) {
	var t, n = U, r = e.parent;
	if (!Pn && r !== null && e.v !== T && r.f & 24576) return _e(), e.v;
	Rn(r);
	try {
		dt(e), t = Xn(e);
	} finally {
		Rn(n);
	}
	return t;
}
function pt(e) {
	var t = ft(e);
	!e.equals(t) && (e.wv = qn(), (!N?.is_fork || e.deps === null) && (N === null ? e.v = t : (N.capture(e, t, !0), _t?.capture(e, t, !0)), e.deps === null)) ? j(e, h) : Pn || (vt === null ? Ze(e) : (pn() || N?.is_fork) && vt.set(e, t));
}
function mt(e) {
	if (e.effects !== null) for (let t of e.effects) (t.teardown || t.ac) && (t.teardown?.(), t.ac !== null && tt(() => {
		t.ac.abort(w), t.ac = null;
	}), t.fn !== null && (t.teardown = d), $n(t, 0), wn(t));
}
function ht(e) {
	if (e.effects !== null) for (let t of e.effects) t.teardown && t.fn !== null && er(t);
}
// node_modules/svelte/src/internal/client/reactivity/batch.js
var gt = null, N = null, _t = null, vt = null, yt = null, bt = !1, xt = !1, St = null, Ct = null, wt = 0, Tt = 1, Et = class e {
	id = Tt++;
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
		gt === null ? gt = this : (gt.next = this, this.prev = gt), gt = this;
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
			for (var r of n.d) j(r, g), t(r);
			for (r of n.m) j(r, _), t(r);
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
		for (let [e, t] of this.#s) j(e, t), this.schedule(e);
		this.apply();
		for (var t = St = [], n = [], r = Ct = []; this.#a.length > 0;) {
			wt++ > 1e3 && (this.#b(), Ot());
			for (let e of this.#p()) try {
				this.#h(e, t, n);
			} catch (t) {
				throw Nt(e), this.#d() || this.discard(), t;
			}
		}
		if (N = null, r.length > 0) {
			var i = e.ensure();
			for (let e of r) i.schedule(e);
		}
		if (St = null, Ct = null, this.#d()) {
			this.#y(n), this.#y(t);
			for (let [e, t] of this.#c) Mt(e, t);
			r.length > 0 && N.#m();
			return;
		}
		let a = this.#g();
		if (a) this.#y(n), this.#y(t), a.#v(this);
		else {
			this.#s.clear();
			for (let e of this.#e) e(this);
			this.#e.clear(), _t = this, At(n), At(t), _t = null, this.#i?.resolve();
			var o = N;
			this.#n === 0 && (this.#a.length === 0 || o !== null) && this.#b(), o !== null && (Ft.clear(), o.#m());
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
					r & 4194320 && !this.async_deriveds.has(i) && (this.#s.delete(i), j(i, g), this.schedule(i));
				}
			}
		};
		for (let e of this.current.keys()) t(e);
		this.oncommit(() => e.discard()), e.#b(), N = this, this.#m();
	}
	#y(e) {
		for (var t = 0; t < e.length; t += 1) Qe(e[t], this.#s);
	}
	capture(e, t, n = !1) {
		e.v !== T && !this.previous.has(e) && this.previous.set(e, e.v), e.f & 8388608 || (this.current.set(e, [t, n]), vt?.set(e, t)), this.is_fork || (e.v = t);
	}
	activate() {
		N = this;
	}
	deactivate() {
		N = null, vt = null;
	}
	flush() {
		try {
			xt = !0, N = this, this.#m();
		} finally {
			wt = 0, yt = null, St = null, Ct = null, xt = !1, N = null, vt = null, Ft.clear();
		}
	}
	discard() {
		for (let e of this.#t) e(this);
		this.#t.clear();
		for (let e of this.async_deriveds.values()) e.reject(ct);
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
		this.#u || (this.#u = !0, Je(() => {
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
		if (N === null) {
			let t = N = new e();
			!xt && !bt && Je(() => {
				t.started || t.flush();
			});
		}
		return N;
	}
	apply() {
		vt = null;
	}
	schedule(e) {
		yt = e, e.b?.is_pending && e.f & 16777228 && !(e.f & 32768) ? e.b.defer_effect(e) : this.#a.push(e);
	}
	#b() {
		if (this.linked) {
			var e = this.prev, t = this.next;
			e === null || (e.next = t), t === null ? gt = e : t.prev = e, this.linked = !1;
		}
	}
};
function Dt(e) {
	var t = bt, n = _t;
	_t = null, bt = !0;
	try {
		var r;
		for (e && (Dt(), r = e());;) {
			if (Ye(), N === null) return r;
			N.flush();
		}
	} finally {
		bt = t, _t = n;
	}
}
function Ot() {
	try {
		Fe();
	} catch (e) {
		ln(e, yt);
	}
}
var kt = null;
function At(e) {
	var t = e.length;
	if (t !== 0) {
		for (var n = 0; n < t;) {
			var r = e[n++];
			if (!(r.f & 24576) && Jn(r) && (kt = /* @__PURE__ */ new Set(), er(r), r.deps === null && r.first === null && r.nodes === null && r.teardown === null && r.ac === null && Dn(r), kt?.size > 0)) {
				Ft.clear();
				for (let e of kt) {
					if (e.f & 24576) continue;
					let t = [e], n = e.parent;
					for (; n !== null;) kt.has(n) && (kt.delete(n), t.push(n)), n = n.parent;
					for (let e = t.length - 1; e >= 0; e--) {
						let n = t[e];
						n.f & 24576 || er(n);
					}
				}
				kt.clear();
			}
		}
		kt = null;
	}
}
function jt(e) {
	N.schedule(e);
}
function Mt(e, t) {
	if (!(e.f & 32 && e.f & 1024)) {
		e.f & 2048 ? t.d.push(e) : e.f & 4096 && t.m.push(e), j(e, h);
		for (var n = e.first; n !== null;) Mt(n, t), n = n.next;
	}
}
function Nt(e) {
	j(e, h);
	for (var t = e.first; t !== null;) Nt(t), t = t.next;
}
// node_modules/svelte/src/internal/client/reactivity/sources.js
var Pt = /* @__PURE__ */ new Set(), Ft = /* @__PURE__ */ new Map(), It = !1;
function Lt(e, t) {
	return {
		f: 0,
		v: e,
		reactions: null,
		equals: Ee,
		rv: 0,
		wv: 0
	};
}
/*#__NO_SIDE_EFFECTS__*/
function P(e, t) {
	let n = Lt(e, t);
	return Bn(n), n;
}
/*#__NO_SIDE_EFFECTS__*/
function Rt(e, t = !1, n = !0) {
	let r = Lt(e);
	return t || (r.equals = Oe), r;
}
function F(e, t, n = !1) {
	return H !== null && (!In || H.f & 131072) && Ge() && H.f & 4325394 && (zn === null || !zn.has(e)) && ze(), Vt(e, n ? Kt(t) : t, Ct);
}
var zt = null, Bt = 0;
function Vt(e, t, n = null) {
	if (!e.equals(t)) {
		Pn ? Ft.set(e, t) : Ft.has(e) || Ft.set(e, e.v);
		var r = Et.ensure();
		if (r.capture(e, t), e.f & 2) {
			let t = e;
			e.f & 2048 && ft(t), vt === null && Ze(t);
		}
		e.wv = qn(), zt = null, Bt = 0, Gt(e, g, n), zt = null, Ge() && U !== null && U.f & 1024 && !(U.f & 96) && (Vn === null ? Hn([e]) : Vn.push(e)), !r.is_fork && Pt.size > 0 && !It && Ht();
	}
	return t;
}
function Ht() {
	It = !1;
	for (let e of Pt) {
		e.f & 1024 && j(e, _);
		let t;
		try {
			t = Jn(e);
		} catch {
			t = !0;
		}
		t && er(e);
	}
	Pt.clear();
}
function Ut(e, t = 1) {
	var n = K(e), r = t === 1 ? n++ : n--;
	return F(e, n), r;
}
function Wt(e) {
	F(e, e.v + 1);
}
function Gt(e, t, n) {
	var r = e.reactions;
	if (r !== null) {
		var i = Ge(), a = r.length;
		if (Bt += a, Bt > 1e5 && zt === null && (zt = /* @__PURE__ */ new Set()), zt !== null) {
			if (zt.has(e)) return;
			zt.add(e);
		}
		for (var o = 0; o < a; o++) {
			var s = r[o], c = s.f;
			if (i || s !== U) {
				var l = (c & g) === 0;
				if (l && j(s, t), c & 131072) Pt.add(s);
				else if (c & 2) {
					var u = s;
					vt?.delete(u), Gt(u, _, n);
				} else if (l) {
					var d = s;
					c & 16 && kt !== null && kt.add(d), n === null ? jt(d) : n.push(d);
				}
			}
		}
	}
}
function Kt(t) {
	if (typeof t != "object" || !t || oe in t || se in t) return t;
	let n = l(t);
	if (n !== s && n !== c) return t;
	var r = /* @__PURE__ */ new Map(), i = e(t), o = /* @__PURE__ */ P(0), u = null, d = Gn, f = (e) => {
		if (Gn === d) return e();
		var t = H, n = Gn;
		Ln(null), Kn(d);
		var r = e();
		return Ln(t), Kn(n), r;
	};
	return i && r.set("length", /* @__PURE__ */ P(t.length, u)), new Proxy(t, {
		defineProperty(e, t, n) {
			"value" in n && n.configurable !== !1 && n.enumerable !== !1 && n.writable !== !1 || Le();
			var i = r.get(t);
			return i === void 0 ? f(() => {
				var e = /* @__PURE__ */ P(n.value, u);
				return r.set(t, e), e;
			}) : F(i, n.value, !0), !0;
		},
		deleteProperty(e, t) {
			var n = r.get(t);
			if (n === void 0) {
				if (t in e) {
					let e = f(() => /* @__PURE__ */ P(T, u));
					r.set(t, e), Wt(o);
				}
			} else F(n, T), Wt(o);
			return !0;
		},
		get(e, n, i) {
			if (n === oe) return t;
			var o = r.get(n), s = n in e;
			if (o === void 0 && (!s || a(e, n)?.writable) && (o = f(() => /* @__PURE__ */ P(Kt(s ? e[n] : T), u)), r.set(n, o)), o !== void 0) {
				var c = K(o);
				return c === T ? void 0 : c;
			}
			return Reflect.get(e, n, i);
		},
		getOwnPropertyDescriptor(e, t) {
			this.has?.(e, t);
			var n = Reflect.getOwnPropertyDescriptor(e, t), i = r.get(t);
			if (i !== void 0) {
				var a = K(i);
				if (a === T) return;
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
			var n = r.get(t), i = n !== void 0 && n.v !== T || Reflect.has(e, t);
			return (n !== void 0 || (U !== null || H !== null) && (!i || a(e, t)?.writable)) && (n === void 0 && (n = f(() => /* @__PURE__ */ P(i ? Kt(e[t]) : T, u)), r.set(t, n)), K(n) === T) ? !1 : i;
		},
		set(e, t, n, s) {
			var c = r.get(t), l = t in e;
			if (i && t === "length") for (var d = n; d < c.v; d += 1) {
				var p = r.get(d + "");
				p === void 0 ? d in e && (p = f(() => /* @__PURE__ */ P(T, u)), r.set(d + "", p)) : F(p, T);
			}
			if (c === void 0) (!l || a(e, t)?.writable) && (c = f(() => /* @__PURE__ */ P(void 0, u)), F(c, Kt(n)), r.set(t, c));
			else {
				l = c.v !== T;
				var m = f(() => Kt(n));
				F(c, m);
			}
			var h = Reflect.getOwnPropertyDescriptor(e, t);
			if (h?.set && h.set.call(s, n), !l) {
				if (i && typeof t == "string") {
					var g = r.get("length"), _ = Number(t);
					Number.isInteger(_) && _ >= g.v && F(g, _ + 1);
				}
				Wt(o);
			}
			return !0;
		},
		ownKeys(e) {
			K(o);
			var t = Reflect.ownKeys(e).filter((e) => {
				var t = r.get(e);
				return t === void 0 || t.v !== T;
			});
			for (var [n, i] of r) i.v !== T && !(n in e) && t.push(n);
			return t;
		},
		setPrototypeOf() {
			Re();
		}
	});
}
function qt(e) {
	try {
		if (typeof e == "object" && e && oe in e) return e[oe];
	} catch {}
	return e;
}
function Jt(e, t) {
	return Object.is(qt(e), qt(t));
}
// node_modules/svelte/src/internal/client/dom/operations.js
var Yt, Xt, Zt, Qt;
function $t() {
	if (Yt === void 0) {
		Yt = window, Xt = /Firefox/.test(navigator.userAgent);
		var e = Element.prototype, t = Node.prototype, n = Text.prototype;
		Zt = a(t, "firstChild").get, Qt = a(t, "nextSibling").get, u(e) && (e[de] = void 0, e[ue] = null, e[fe] = void 0, e.__e = void 0), u(n) && (n[C] = void 0);
	}
}
function I(e = "") {
	return document.createTextNode(e);
}
/*@__NO_SIDE_EFFECTS__*/
function en(e) {
	return Zt.call(e);
}
/*@__NO_SIDE_EFFECTS__*/
function tn(e) {
	return Qt.call(e);
}
function L(e, t) {
	if (!E) return /* @__PURE__ */ en(e);
	var n = /* @__PURE__ */ en(D);
	if (n === null) n = D.appendChild(I());
	else if (t && n.nodeType !== 3) {
		var r = I();
		return n?.before(r), O(r), r;
	}
	return t && sn(n), O(n), n;
}
function nn(e, t = !1) {
	if (!E) {
		var n = /* @__PURE__ */ en(e);
		return n instanceof Comment && n.data === "" ? /* @__PURE__ */ tn(n) : n;
	}
	if (t) {
		if (D?.nodeType !== 3) {
			var r = I();
			return D?.before(r), O(r), r;
		}
		sn(D);
	}
	return D;
}
function R(e, t = !1) {
	if (!E) return /* @__PURE__ */ en(e);
	var n = L(e, t);
	return k(e), n;
}
function z(e, t = 1, n = !1) {
	let r = E ? D : e;
	for (var i; t--;) i = r, r = /* @__PURE__ */ tn(r);
	if (!E) return r;
	if (n) {
		if (r?.nodeType !== 3) {
			var a = I();
			return r === null ? i?.after(a) : r.before(a), O(a), a;
		}
		sn(r);
	}
	return O(r), r;
}
function rn(e) {
	e.textContent = "";
}
function an() {
	return !1;
}
function on(e, t, n) {
	return t == null || t === "http://www.w3.org/1999/xhtml" ? n ? document.createElement(e, { is: n }) : document.createElement(e) : n ? document.createElementNS(t, e, { is: n }) : document.createElementNS(t, e);
}
function sn(e) {
	if (e.nodeValue.length < 65536) return;
	let t = e.nextSibling;
	for (; t !== null && t.nodeType === 3;) t.remove(), e.nodeValue += t.nodeValue, t = e.nextSibling;
}
// node_modules/svelte/src/internal/client/error-handling.js
function cn(e) {
	var t = U;
	if (t === null) return H.f |= ae, e;
	if (!(t.f & 32768) && !(t.f & 4)) throw e;
	ln(e, t);
}
function ln(e, t) {
	if (e === he) throw e;
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
function un(e) {
	U === null && (H === null && Pe(e), Ne()), Pn && Me(e);
}
function dn(e, t) {
	var n = t.last;
	n === null ? t.last = t.first = e : (n.next = e, e.prev = n, t.last = e);
}
function fn(e, t) {
	var n = U;
	n !== null && n.f & 8192 && (e |= v);
	var r = {
		ctx: A,
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
	N?.register_created_effect(r);
	var i = r;
	if (e & 4) St === null ? Et.ensure().schedule(r) : St.push(r);
	else if (t !== null) {
		try {
			er(r);
		} catch (e) {
			throw V(r), e;
		}
		i.deps === null && i.teardown === null && i.nodes === null && i.first === i.last && !(i.f & 524288) && (i = i.first, e & 16 && e & 65536 && i !== null && (i.f |= S));
	}
	if (i !== null && (i.parent = n, n !== null && dn(i, n), H !== null && H.f & 2 && !(e & 64))) {
		var a = H;
		(a.effects ??= []).push(i);
	}
	return r;
}
function pn() {
	return H !== null && !In;
}
function mn(e) {
	let t = fn(8, null);
	return j(t, h), t.teardown = e, t;
}
function hn(e) {
	un("$effect");
	var t = U.f;
	if (!H && t & 32 && A !== null && !A.i) {
		var n = A;
		(n.e ??= []).push(e);
	} else return gn(e);
}
function gn(e) {
	return fn(4 | te, e);
}
function _n(e) {
	Et.ensure();
	let t = fn(64 | ee, e);
	return (e = {}) => new Promise((n) => {
		e.outro ? On(t, () => {
			V(t), n(void 0);
		}) : (V(t), n(void 0));
	});
}
function vn(e) {
	return fn(4, e);
}
function yn(e) {
	return fn(ie | ee, e);
}
function bn(e, t = 0) {
	return fn(8 | t, e);
}
function B(e, t = [], n = [], r = []) {
	rt(r, t, n, (t) => {
		fn(8, () => {
			e(...t.map(K));
		});
	});
}
function xn(e, t = 0) {
	return fn(16 | t, e);
}
function Sn(e) {
	return fn(32 | ee, e);
}
function Cn(e) {
	var t = e.teardown;
	if (t !== null) {
		let n = Pn, r = H;
		Fn(!0), Ln(null);
		try {
			t.call(null);
		} catch (t) {
			ln(t, e.parent);
		} finally {
			Fn(n), Ln(r);
		}
	}
}
function wn(e, t = !1) {
	var n = e.first;
	for (e.first = e.last = null; n !== null;) {
		let e = n.ac;
		e !== null && tt(() => {
			e.abort(w);
		});
		var r = n.next;
		n.f & 64 ? n.parent = null : V(n, t), n = r;
	}
}
function Tn(e) {
	for (var t = e.first; t !== null;) {
		var n = t.next;
		t.f & 32 || V(t), t = n;
	}
}
function V(e, t = !0) {
	var n = !1;
	(t || e.f & 262144) && e.nodes !== null && e.nodes.end !== null && (En(e.nodes.start, e.nodes.end), n = !0), e.f |= x, wn(e, t && !n), $n(e, 0);
	var r = e.nodes && e.nodes.t;
	if (r !== null) for (let e of r) e.stop();
	Cn(e), e.f ^= x, e.f |= y;
	var i = e.parent;
	i !== null && i.first !== null && Dn(e), e.next = e.prev = e.teardown = e.ctx = e.deps = e.fn = e.nodes = e.ac = e.b = null;
}
function En(e, t) {
	for (; e !== null;) {
		var n = e === t ? null : /* @__PURE__ */ tn(e);
		e.remove(), e = n;
	}
}
function Dn(e) {
	var t = e.parent, n = e.prev, r = e.next;
	n !== null && (n.next = r), r !== null && (r.prev = n), t !== null && (t.first === e && (t.first = r), t.last === e && (t.last = n));
}
function On(e, t, n = !0) {
	var r = [];
	e.f |= 256, kn(e, r, !0);
	var i = () => {
		n && V(e), t && t();
	}, a = r.length;
	if (a > 0) {
		var o = () => --a || i();
		for (var s of r) s.out(o);
	} else i();
}
function kn(e, t, n) {
	if (!(e.f & 8192)) {
		e.f ^= v;
		var r = e.nodes && e.nodes.t;
		if (r !== null) for (let e of r) (e.is_global || n) && t.push(e);
		for (var i = e.first; i !== null;) {
			var a = i.next;
			if (!(i.f & 64)) {
				var o = !!(i.f & 65536) || !!(i.f & 32) && !!(e.f & 16);
				kn(i, t, o ? n : !1);
			}
			i = a;
		}
	}
}
function An(e) {
	e.f &= -257, jn(e, !0);
}
function jn(e, t) {
	if (!(e.f & 256) && e.f & 8192) {
		e.f ^= v, e.f & 1024 || (j(e, g), Et.ensure().schedule(e));
		for (var n = e.first; n !== null;) {
			var r = n.next, i = !!(n.f & 65536) || !!(n.f & 32);
			jn(n, i ? t : !1), n = r;
		}
		var a = e.nodes && e.nodes.t;
		if (a !== null) for (let e of a) (e.is_global || t) && e.in();
	}
}
function Mn(e, t) {
	if (e.nodes) for (var n = e.nodes.start, r = e.nodes.end; n !== null;) {
		var i = n === r ? null : /* @__PURE__ */ tn(n);
		t.append(n), n = i;
	}
}
// node_modules/svelte/src/internal/client/legacy.js
var Nn = null, Pn = !1;
function Fn(e) {
	Pn = e;
}
var H = null, In = !1;
function Ln(e) {
	H = e;
}
var U = null;
function Rn(e) {
	U = e;
}
var zn = null;
function Bn(e) {
	H !== null && (H.f & 2097152 || H.f & 2) && (zn ??= /* @__PURE__ */ new Set()).add(e);
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
			if (Jn(a) && pt(a), a.wv > e.wv) return !0;
		}
		t & 512 && vt === null && j(e, h);
	}
	return !1;
}
function Yn(e, t, n = !0) {
	var r = e.reactions;
	if (r !== null && !(zn !== null && zn.has(e))) for (var i = 0; i < r.length; i++) {
		var a = r[i];
		a.f & 2 ? Yn(a, t, !1) : t === a && (n ? j(a, g) : a.f & 1024 && j(a, _), jt(a));
	}
}
function Xn(e) {
	var t = W, n = G, r = Vn, i = H, a = zn, o = A, s = In, c = Gn, l = e.f;
	W = null, G = 0, Vn = null, H = l & 96 ? null : e, zn = null, Ve(e.ctx), In = !1, Gn = ++Wn, e.ac !== null && (tt(() => {
		e.ac.abort(w);
	}), e.ac = null);
	try {
		e.f |= re;
		var u = (0, e.fn)();
		e.f |= b;
		var d = Zn(e);
		if (Ge() && Vn !== null && !In && d !== null && !(e.f & 6146)) for (var f = 0; f < Vn.length; f++) Yn(Vn[f], e);
		if (i !== null && i !== e) {
			if (Wn++, i.deps !== null) for (let e = 0; e < n; e += 1) i.deps[e].rv = Wn;
			if (t !== null) for (let e of t) e.rv = Wn;
			Vn !== null && (r === null ? r = Vn : r.push(...Vn));
		}
		return e.f & 8388608 && (e.f ^= ae), u;
	} catch (t) {
		return Zn(e), cn(t);
	} finally {
		e.f ^= re, W = t, G = n, Vn = r, H = i, zn = a, Ve(o), In = s, Gn = c;
	}
}
function Zn(e) {
	var t = e.deps, n = N?.is_fork;
	if (W !== null) {
		var r;
		if (n || $n(e, G), t !== null && G > 0) for (t.length = G + W.length, r = 0; r < W.length; r++) t[G + r] = W[r];
		else e.deps = t = W;
		if (pn() && e.f & 512) for (r = G; r < t.length; r++) (t[r].reactions ??= []).push(e);
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
		s.f & 512 && (s.f ^= 512), s.v !== T && Ze(s), s.ac !== null && tt(() => {
			s.ac.abort(w), s.ac = null, j(s, g);
		}), mt(s), $n(s, 0);
	}
}
function $n(e, t) {
	var n = e.deps;
	if (n !== null) for (var r = t; r < n.length; r++) Qn(e, n[r]);
}
function er(e) {
	var t = e.f;
	if (!(t & 16384)) {
		j(e, h);
		var n = U;
		U = e;
		try {
			t & 16777232 ? Tn(e) : wn(e), Cn(e);
			var r = Xn(e);
			e.teardown = typeof r == "function" ? r : null, e.wv = Un;
		} finally {
			U = n;
		}
	}
}
async function tr() {
	await Promise.resolve(), Dt();
}
function K(e) {
	var t = !!(e.f & 2);
	if (Nn?.add(e), H !== null && !In && !(U !== null && U.f & 16384) && (zn === null || !zn.has(e))) {
		var r = H.deps;
		if (H.f & 2097152) e.rv < Wn && (e.rv = Wn, W === null && r !== null && r[G] === e ? G++ : W === null ? W = [e] : W.push(e));
		else {
			H.deps ??= [], n.call(H.deps, e) || H.deps.push(e);
			var i = e.reactions;
			i === null ? e.reactions = [H] : n.call(i, H) || i.push(H);
		}
	}
	if (Pn && Ft.has(e)) return Ft.get(e);
	if (t) {
		var a = e;
		if (Pn) {
			var o = a.v;
			return (!(a.f & 1024) && a.reactions !== null || rr(a)) && (o = ft(a)), Ft.set(a, o), o;
		}
		var s = !(a.f & 512) && !In && H !== null && !!(H.f & 512), c = (a.f & b) === 0;
		Jn(a) && (s && (a.f |= 512), pt(a)), s && !c && (ht(a), nr(a));
	}
	if (vt?.has(e)) return vt.get(e);
	if (e.f & 8388608) throw e.v;
	return e.v;
}
function nr(e) {
	if (e.f |= 512, e.deps !== null) for (let r of e.deps) {
		var t = r.reactions;
		t === null ? r.reactions = [e] : n.call(t, e) || t.push(e), r.f & 2 && !(r.f & 512) && (ht(r), nr(r));
	}
}
function rr(e) {
	if (e.v === T) return !0;
	if (e.deps === null) return !1;
	for (let t of e.deps) if (Ft.has(t) || t.f & 2 && rr(t)) return !0;
	return !1;
}
function ir(e) {
	var t = In;
	try {
		return In = !0, e();
	} finally {
		In = t;
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
	if (!E) return;
	e.removeAttribute("onload"), e.removeAttribute("onerror");
	let t = e.__e;
	t !== void 0 && (e.__e = void 0, queueMicrotask(() => {
		e.isConnected && e.dispatchEvent(t);
	}));
}
function dr(e, t, n, r = {}) {
	function i(e) {
		if (r.capture || gr.call(t, e), !e.cancelBubble) return tt(() => n?.call(this, e));
	}
	return e.startsWith("pointer") || e.startsWith("touch") || e === "wheel" ? (i.__removed = !1, Je(() => {
		i.__removed || t.addEventListener(e, i, r);
	})) : t.addEventListener(e, i, r), i;
}
function fr(e, t, n, r, i) {
	var a = {
		capture: r,
		passive: i
	}, o = dr(e, t, n, a);
	(t === document.body || t === window || t === document || t instanceof HTMLMediaElement) && mn(() => {
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
		var d = H, f = U;
		Ln(null), Rn(null);
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
			e[sr] = t, delete e.currentTarget, Ln(d), Rn(f);
		}
	}
}
// node_modules/svelte/src/internal/client/dom/reconciler.js
var _r = globalThis?.window?.trustedTypes && /* @__PURE__ */ globalThis.window.trustedTypes.createPolicy("svelte-trusted-html", { createHTML: (e) => e });
function vr(e) {
	return _r?.createHTML(e) ?? e;
}
function yr(e) {
	var t = on("template");
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
		if (E) return br(D, null), D;
		i === void 0 && (i = yr(a ? e : "<!>" + e), n || (i = /* @__PURE__ */ en(i)));
		var t = r || Xt ? document.importNode(i, !0) : i.cloneNode(!0);
		return n ? br(/* @__PURE__ */ en(t), t.lastChild) : br(t, t), t;
	};
}
function xr() {
	if (E) return br(D, null), D;
	var e = document.createDocumentFragment(), t = document.createComment(""), n = I();
	return e.append(t, n), br(t, n), e;
}
function Y(e, t) {
	if (E) {
		var n = U;
		n.f & 32768 && n.nodes.end !== null || (n.nodes.end = D), Se();
	} else e !== null && e.before(t);
}
// node_modules/svelte/src/reactivity/create-subscriber.js
function Sr(e) {
	let t = 0, n = Lt(0), r;
	return () => {
		pn() && (K(n), bn(() => (t === 0 && (r = ir(() => e(() => Wt(n)))), t += 1, () => {
			Je(() => {
				--t, t === 0 && (r?.(), r = void 0, Wt(n));
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
	#t = E ? D : null;
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
	#m = Sr(() => (this.#p = Lt(this.#l), () => {
		this.#p = null;
	}));
	constructor(e, t, n, r) {
		this.#e = e, this.#n = t, this.#r = (e) => {
			var t = U;
			t.b = this, t.f |= 128, n(e);
		}, this.parent = U.b, this.transform_error = r ?? this.parent?.transform_error ?? ((e) => e), this.#i = xn(() => {
			if (E) {
				let e = Te(this.#t);
				Se();
				let t = e === "[!";
				if (e.startsWith("[?")) {
					let t = JSON.parse(e.slice(2));
					this.#g(t);
				} else t ? this.#y() : this.#h();
			} else this.#b();
		}, Cr), E && (this.#e = D);
	}
	#h() {
		try {
			this.#a = Sn(() => this.#r(this.#e));
		} catch (e) {
			this.error(e);
		}
	}
	#g(e) {
		let t = this.#n.failed, { reset: n, invoke_onerror: r } = this.#_(e);
		Je(r), t && (this.#s = Sn(() => {
			t(this.#e, () => e, () => n);
		}));
	}
	#_(e) {
		var t = !1, n = !1;
		let r = () => {
			this.#v() || (t ? be() : (t = !0, n && Be(), this.#s !== null && On(this.#s, () => {
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
					ln(e, this.#i && this.#i.parent);
				}
			}
		};
	}
	#v() {
		return (this.#i.f & (y | x)) !== 0;
	}
	#y() {
		let e = this.#n.pending;
		e && (this.is_pending = !0, this.#o = Sn(() => e(this.#e)), Je(() => {
			if (!this.#v()) {
				var e = this.#c = document.createDocumentFragment(), t = I(), n = !1;
				e.append(t), this.#a = this.#S(() => {
					try {
						return Sn(() => this.#r(t));
					} catch (e) {
						try {
							this.error(e), n = !0;
						} catch (e) {
							ln(e, this.#i.parent);
						}
						return null;
					}
				}), this.#a === null ? (this.#c = null, n && this.#x(N)) : this.#u === 0 && (this.#e.before(e), this.#c = null, On(this.#o, () => {
					this.#o = null;
				}), this.#x(N));
			}
		}));
	}
	#b() {
		try {
			if (this.is_pending = this.has_pending_snippet(), this.#u = 0, this.#l = 0, this.#a = Sn(() => {
				this.#r(this.#e);
			}), this.#u > 0) {
				var e = this.#c = document.createDocumentFragment();
				Mn(this.#a, e);
				let t = this.#n.pending;
				this.#o = Sn(() => t(this.#e));
			} else this.#x(N);
		} catch (e) {
			this.error(e);
		}
	}
	#x(e) {
		this.is_pending = !1, e.transfer_reactions(this.#f);
	}
	defer_effect(e) {
		Qe(e, this.#f);
	}
	is_rendered() {
		return !this.is_pending && (!this.parent || this.parent.is_rendered());
	}
	has_pending_snippet() {
		return !!this.#n.pending;
	}
	#S(e) {
		var t = U, n = H, r = A;
		Rn(this.#i), Ln(this.#i), Ve(this.#i.ctx);
		try {
			return Et.ensure(), e();
		} finally {
			Rn(t), Ln(n), Ve(r);
		}
	}
	#C(e, t) {
		this.has_pending_snippet() ? (this.#u += e, this.#u === 0 && (this.#x(t), this.#o && On(this.#o, () => {
			this.#o = null;
		}), this.#c &&= (this.#e.before(this.#c), null))) : this.parent && this.parent.#C(e, t);
	}
	update_pending_count(e, t) {
		this.#C(e, t), this.#l += e, !this.#p || this.#d || (this.#d = !0, Je(() => {
			this.#d = !1, this.#p && Vt(this.#p, this.#l);
		}));
	}
	get_effect_pending() {
		return this.#m(), K(this.#p);
	}
	error(e) {
		if (e === he || !this.#n.onerror && !this.#n.failed) throw e;
		N?.is_fork ? (this.#a && N.skip_effect(this.#a), this.#o && N.skip_effect(this.#o), this.#s && N.skip_effect(this.#s), N.oncommit(() => {
			this.#v() || this.#w(e);
		})) : this.#w(e);
	}
	#w(e) {
		this.#a &&= (V(this.#a), null), this.#o &&= (V(this.#o), null), this.#s &&= (V(this.#s), null), E && (O(this.#t), Ce(), O(we()));
		let t = this.#n.failed, n = (e) => {
			if (this.#v()) return;
			let { reset: n, invoke_onerror: r } = this.#_(e);
			r(), t && !this.#v() && (this.#s = this.#S(() => {
				try {
					return Sn(() => {
						var r = U;
						r.b = this, r.f |= 128, t(this.#e, () => e, () => n);
					});
				} catch (e) {
					return ln(e, this.#i.parent), null;
				}
			}));
		};
		Je(() => {
			if (!this.#v()) {
				var t;
				try {
					t = this.transform_error(e);
				} catch (e) {
					ln(e, this.#i && this.#i.parent);
					return;
				}
				typeof t == "object" && t && typeof t.then == "function" ? t.then(n, (e) => ln(e, this.#i && this.#i.parent)) : n(t);
			}
		});
	}
};
function X(e, t) {
	var n = t == null ? "" : typeof t == "object" ? `${t}` : t;
	n !== (e[C] ??= e.nodeValue) && (e[C] = n, e.nodeValue = `${n}`);
}
function Er(e, t) {
	return Or(e, t);
}
var Dr = /* @__PURE__ */ new Map();
function Or(e, { target: t, anchor: n, props: i = {}, events: a, context: o, intro: s = !0, transformError: c }) {
	$t();
	var l = void 0, u = _n(() => {
		var s = n ?? t.appendChild(I());
		wr(s, { pending: () => {} }, (t) => {
			He({});
			var n = A;
			if (o && (n.c = o), a && (i.$$events = a), E && br(t, null), l = e(t, i) || We(), E && (U.nodes.end = D, D === null || D.nodeType !== 8 || D.data !== "]")) throw ve(), he;
			Ue();
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
			if (n) An(n), this.#r.delete(t);
			else {
				var r = this.#n.get(t);
				r && (An(r.effect), this.#t.set(t, r.effect), this.#n.delete(t), r.fragment.lastChild.remove(), this.anchor.before(r.fragment), n = r.effect);
			}
			for (let [t, n] of this.#e) {
				if (this.#e.delete(t), t === e) break;
				let r = this.#n.get(n);
				r && (V(r.effect), this.#n.delete(n));
			}
			for (let [e, r] of this.#t) {
				if (e === t || this.#r.has(e)) continue;
				let i = () => {
					if (Array.from(this.#e.values()).includes(e)) {
						var t = document.createDocumentFragment();
						Mn(r, t), t.append(I()), this.#n.set(e, {
							effect: r,
							fragment: t
						});
					} else V(r);
					this.#r.delete(e), this.#t.delete(e);
				};
				this.#i || !n ? (this.#r.add(e), On(r, i, !1)) : i();
			}
		}
	};
	#o = (e) => {
		this.#e.delete(e);
		let t = Array.from(this.#e.values());
		for (let [e, n] of this.#n) t.includes(e) || (V(n.effect), this.#n.delete(e));
	};
	ensure(e, t) {
		var n = N, r = an();
		if (t && !this.#t.has(e) && !this.#n.has(e)) {
			if (r) {
				var i = document.createDocumentFragment(), a = I();
				i.append(a), this.#n.set(e, {
					effect: Sn(() => t(a)),
					fragment: i
				});
			} else this.#t.set(e, Sn(() => t(this.anchor)));
		}
		if (this.#e.set(n, e), r) {
			for (let [t, r] of this.#t) t === e ? n.unskip_effect(r) : n.skip_effect(r);
			for (let [t, r] of this.#n) t === e ? n.unskip_effect(r.effect) : n.skip_effect(r.effect);
			n.oncommit(this.#a), n.ondiscard(this.#o);
		} else E && (this.anchor = D), this.#a(n);
	}
};
// node_modules/svelte/src/internal/client/dom/blocks/if.js
function Z(e, t, n = !1) {
	var r;
	E && (r = D, Se());
	var i = new Ar(e), a = n ? S : 0;
	function o(e, t) {
		if (E) {
			var n = Te(r);
			if (e !== parseInt(n.substring(1))) {
				var a = we();
				O(a), i.anchor = a, xe(!1), i.ensure(e, t), xe(!0);
				return;
			}
		}
		i.ensure(e, t);
	}
	xn(() => {
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
		On(n, () => {
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
			rn(d), d.append(u), e.items.clear();
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
		r?.has(a) ? (a.f |= ne, Mn(a, document.createDocumentFragment())) : V(t[i], n);
	}
}
var Pr;
function Q(t, n, i, a, o, s = null) {
	var c = t, l = /* @__PURE__ */ new Map();
	if (n & 4) {
		var u = t;
		c = E ? O(/* @__PURE__ */ en(u)) : u.appendChild(I());
	}
	E && Se();
	var d = null, f = /* @__PURE__ */ ut(() => {
		var t = i();
		return e(t) ? t : t == null ? [] : r(t);
	}), p = /* @__PURE__ */ new Map(), m = !0;
	function h(e) {
		if (!(_.effect.f & 16384)) {
			_.pending.delete(e);
			var t = K(f);
			_.fallback = d, Ir(_, t, c, n, a), d !== null && (t.length === 0 ? d.f & 33554432 ? (d.f ^= ne, Rr(d, null, c)) : An(d) : On(d, () => {
				d = null;
			}));
		}
	}
	function g(e) {
		_.pending.delete(e);
	}
	var _ = {
		effect: xn(() => {
			var e = K(f), t = e.length;
			let r = !1;
			E && Te(c) === "[!" != (t === 0) && (c = we(), O(c), xe(!1), r = !0);
			for (var u = /* @__PURE__ */ new Set(), _ = N, v = an(), y = 0; y < t; y += 1) {
				E && D.nodeType === 8 && D.data === "]" && (c = D, r = !0, xe(!1));
				var b = e[y], x = a(b, y), S = m ? null : l.get(x);
				S ? (S.v && Vt(S.v, b), S.i && Vt(S.i, y), v && _.unskip_effect(S.e)) : (S = Lr(l, m ? c : Pr ??= I(), b, x, y, o, n, i), m || (S.e.f |= ne), l.set(x, S)), u.add(x);
			}
			if (t === 0 && s && !d && (m ? d = Sn(() => s(c)) : (d = Sn(() => s(Pr ??= I())), d.f |= ne)), t > u.size && je("", "", ""), E && t > 0 && O(we()), !m) {
				if (p.set(_, u), v) {
					for (let [e, t] of l) u.has(e) || _.skip_effect(t.e);
					_.oncommit(h), _.ondiscard(g);
				} else h(_);
			}
			r && xe(!0), K(f);
		}),
		flags: n,
		items: l,
		pending: p,
		outrogroups: null,
		fallback: d
	};
	m = !1, E && (c = D);
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
		if (_.f & 8192 && (An(_), o && (_.nodes?.a?.unfix(), (f ??= /* @__PURE__ */ new Set()).delete(_))), _.f & 33554432) {
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
	o && Je(() => {
		if (f !== void 0) for (_ of f) _.nodes?.a?.apply();
	});
}
function Lr(e, t, n, r, i, a, o, s) {
	var c = o & 1 ? o & 16 ? Lt(n) : /* @__PURE__ */ Rt(n, !1, !1) : null, l = o & 2 ? Lt(i) : null;
	return {
		v: c,
		i: l,
		e: Sn(() => (a(t, c ?? n, l ?? i, s), () => {
			e.delete(r);
		}))
	};
}
function Rr(e, t, n) {
	if (e.nodes) for (var r = e.nodes.start, i = e.nodes.end, a = t && !(t.f & 33554432) ? t.nodes.start : n; r !== null;) {
		var o = /* @__PURE__ */ tn(r);
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
	if (E || o !== n || o === void 0) {
		var s = Vr(n, r, a);
		E && s === e.getAttribute("class") || (s == null ? e.removeAttribute("class") : t ? e.className = s : e.setAttribute("class", s)), e[de] = n;
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
	if (E || i !== t) {
		var a = Wr(t, r);
		E && a === e.getAttribute("style") || (a == null ? e.removeAttribute("style") : e.style.cssText = a), e[fe] = t;
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
			Jr(c, i ? a.includes(l) : Jt(l, r));
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
		if (!e(n)) return ye();
		for (var i of t.options) i.selected = n.includes($r(i));
	} else {
		for (i of t.options) if (Jt($r(i), n)) {
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
	}), mn(() => {
		t.disconnect();
	});
}
function Qr(e, t, n = t) {
	var r = /* @__PURE__ */ new WeakSet(), i = !0;
	nt(e, "change", (t) => {
		var i = t ? "[selected]" : ":checked", a;
		if (e.multiple) a = [].map.call(e.querySelectorAll(i), $r);
		else {
			var o = e.querySelector(i) ?? e.querySelector("option:not([disabled])");
			a = o && $r(o);
		}
		n(a), e.__value = a, N !== null && r.add(N);
	}), vn(() => {
		var a = t();
		if (e === document.activeElement) {
			var o = N;
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
var ti = Symbol("is custom element"), ni = Symbol("is html"), ri = me ? "link" : "LINK", ii = me ? "progress" : "PROGRESS";
function ai(e) {
	if (E) {
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
		e[pe] = n, Je(n), et();
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
	if (!(E && (i[t] = e.getAttribute(t), t === "src" || t === "srcset" || t === "href" && e.nodeName === ri))) {
		var a = i[t];
		a !== (i[t] = n) && (t === "loading" && (e[le] = n), n == null ? e.removeAttribute(t) : typeof n != "string" && ui(e).has(t) ? e[t] = n : (!E || typeof n != "number" && typeof n != "boolean" || a !== String(n)) && e.setAttribute(t, n));
	}
}
function ci(e) {
	return e[ue] ??= {
		[ti]: e.nodeName.includes("-"),
		[ni]: e.namespaceURI === ge
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
	nt(e, "input", async (i) => {
		var a = i ? e.defaultValue : e.value;
		if (a = fi(e) ? pi(a) : a, n(a), N !== null && r.add(N), await tr(), a !== (a = t())) {
			var o = e.selectionStart, s = e.selectionEnd, c = e.value.length;
			if (e.value = a ?? "", s !== null) {
				var l = e.value.length;
				o === s && s === c && l > c ? (e.selectionStart = l, e.selectionEnd = l) : (e.selectionStart = o, e.selectionEnd = Math.min(s, l));
			}
		}
	}), (E && e.defaultValue !== e.value || ir(t) == null && e.value) && (n(fi(e) ? pi(e.value) : e.value), N !== null && r.add(N)), bn(() => {
		var n = t();
		if (e === document.activeElement) {
			var i = N;
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
function hi(e = We(), t, n, r) {
	var i = A.r, a = U;
	return vn(() => {
		var o, s;
		return bn(() => {
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
	var i = !0, o = !!(n & 8), s = !!(n & 16), c = r, l = !0, u = void 0, d = () => s && i ? (u ??= /* @__PURE__ */ st(r), K(u)) : (l && (l = !1, c = s ? ir(r) : r), c);
	let f;
	if (o) {
		var p = oe in e || ce in e;
		f = a(e, t)?.set ?? (p && t in e ? (n) => e[t] = n : void 0);
	}
	var m, h = !1;
	o ? [m, h] = _i(() => e[t]) : m = e[t], m === void 0 && r !== void 0 && (m = d(), f && (i && Ie(t), f(m)));
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
	var v = !1, y = (n & 1 ? st : ut)(() => (v = !1, g()));
	o && K(y);
	var b = U;
	return (function(e, t) {
		if (arguments.length > 0) {
			let n = t ? K(y) : i && o ? Kt(e) : e;
			return F(y, n), v = !0, c !== void 0 && (c = n), e;
		}
		return Pn && v || b.f & 16384 ? y.v : K(y);
	});
}
// node_modules/svelte/src/index-client.js
function yi(e) {
	A === null && ke("onMount"), hn(() => {
		let t = ir(e);
		if (typeof t == "function") return t;
	});
}
// node_modules/svelte/src/internal/disclose-version.js
typeof window < "u" && ((window.__svelte ??= {}).v ??= /* @__PURE__ */ new Set()).add("5");
// src/About.svelte
var bi = /* @__PURE__ */ J("<p class=\"note svelte-1vwaeio\"> </p>"), xi = /* @__PURE__ */ J("<details><summary> </summary> <p class=\"quiet\"> </p></details>"), Si = /* @__PURE__ */ J("<section aria-label=\"The map\"><h2>The map</h2> <p> </p> <p class=\"quiet\"> </p> <!> <!> <!></section>");
function Ci(e, t) {
	He(t, !0);
	let n = /* @__PURE__ */ M(() => t.page.bundle.manifest), r = /* @__PURE__ */ M(() => K(n).map.faithfulness);
	function i(e) {
		return e === null ? "undefined" : e.toFixed(2);
	}
	var a = Si(), o = z(L(a), 2), s = R(o), c = z(o, 2), l = R(c), u = z(c, 2);
	Q(u, 17, () => K(n).notes, jr, (e, t) => {
		var n = bi(), r = R(n, !0);
		B(() => X(r, K(t))), Y(e, n);
	});
	var d = z(u, 2), f = (e) => {
		var t = bi(), r = R(t);
		B((e) => X(r, `${e ?? ""} of the pictures could not be read.`), [() => K(n).pictures.missing.toLocaleString("en")]), Y(e, t);
	};
	Z(d, (e) => {
		K(n).pictures?.missing && e(f);
	}), Q(z(d, 2), 17, () => K(n).unmatched, (e) => e.set, (e, t) => {
		var n = xi(), r = L(n), i = R(r), a = R(z(r, 2));
		k(n), B((e, n) => {
			X(i, `${e ?? ""} items of ${K(t).set ?? ""} are not in every stage and not shown`), X(a, `${n ?? ""}${K(t).count > K(t).ids.length ? ", …" : ""}`);
		}, [() => K(t).count.toLocaleString("en"), () => K(t).ids.join(", ")]), Y(e, n);
	}), k(a), B((e, t, r) => {
		X(s, `${K(n).map.title ?? ""}. Trustworthiness ${e ?? ""}, continuity ${t ?? ""}${r ?? ""}.`), X(l, `All stages are on one map, seed ${K(n).map.seed ?? ""}. Distances on it are not distances in the space: an item
    “moved” when it went farther than its ${K(n).k ?? ""}th neighbour was, in the space and on the screen each.`);
	}, [
		() => i(K(r).trustworthiness),
		() => i(K(r).continuity),
		() => K(r).neighbours_kept === null ? "" : `, neighbours kept ${Math.round(100 * K(r).neighbours_kept)} %`
	]), Y(e, a), Ue();
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
	He(t, !0);
	let n = /* @__PURE__ */ M(() => t.page.values(t.column)), r = /* @__PURE__ */ M(() => {
		let [e, t] = [1e400, -1e400];
		for (let r of K(n)) r < e && (e = r), r > t && (t = r);
		return e <= t ? [e, t] : [0, 0];
	}), i = /* @__PURE__ */ M(() => {
		let e = Array(32).fill(0), [t, i] = K(r);
		for (let r of K(n)) Number.isNaN(r) || e[i > t ? Math.min(31, Math.floor((r - t) / (i - t) * 32)) : 0]++;
		let a = Math.max(...e, 1);
		return e.map((e) => e / a);
	}), a = /* @__PURE__ */ M(() => {
		let e = t.page.filters[t.column];
		return e && "range" in e ? e.range : K(r);
	}), o = /* @__PURE__ */ M(() => (K(r)[1] - K(r)[0]) / 200 || 1);
	function s(e, n) {
		let i = [...K(a)];
		i[e] = n, i[0] > i[1] && (i[1 - e] = n), i[0] <= K(r)[0] && i[1] >= K(r)[1] - K(o) / 2 ? t.page.clear(t.column) : t.page.brush(t.column, i);
	}
	var c = Wi(), l = L(c);
	Q(l, 21, () => K(i), jr, (e, t, n) => {
		let i = /* @__PURE__ */ M(() => K(r)[0] + (n + .5) / 32 * (K(r)[1] - K(r)[0]));
		var o = Ui();
		let s, c;
		B((e) => {
			s = Gr(o, 1, "svelte-mlxz3x", null, s, { out: K(i) < K(a)[0] || K(i) > K(a)[1] }), c = qr(o, "", c, { height: e });
		}, [() => `${K(t) ? Math.max(4, 100 * K(t)) : 0}%`]), Y(e, o);
	}), k(l);
	var u = z(l, 2);
	ai(u);
	var d = z(u, 2);
	ai(d);
	var f = z(d, 2), p = L(f), m = R(p, !0), h = R(z(p), !0);
	k(f), k(c), B((e, n) => {
		$(u, "min", K(r)[0]), $(u, "max", K(r)[1]), $(u, "step", K(o)), oi(u, K(a)[0]), $(u, "aria-label", `${t.name ?? ""}: lowest shown`), $(d, "min", K(r)[0]), $(d, "max", K(r)[1]), $(d, "step", K(o)), oi(d, K(a)[1]), $(d, "aria-label", `${t.name ?? ""}: highest shown`), X(m, e), X(h, n);
	}, [() => Oi(K(a)[0]), () => Oi(K(a)[1])]), q("input", u, (e) => s(0, Number(e.currentTarget.value))), q("input", d, (e) => s(1, Number(e.currentTarget.value))), Y(e, c), Ue();
}
pr(["input"]);
// src/Filters.svelte
var Ki = /* @__PURE__ */ J("<li class=\"svelte-1ozrgda\"><label class=\"svelte-1ozrgda\"><input type=\"checkbox\"/> <span dir=\"auto\" class=\"svelte-1ozrgda\"> </span></label> <button class=\"only svelte-1ozrgda\">only</button></li>"), qi = /* @__PURE__ */ J("<p class=\"quiet\"> </p>"), Ji = /* @__PURE__ */ J("<button>All</button>"), Yi = /* @__PURE__ */ J("<ul class=\"svelte-1ozrgda\"></ul> <!> <!>", 1), Xi = /* @__PURE__ */ J("<details class=\"svelte-1ozrgda\"><summary class=\"svelte-1ozrgda\"> </summary> <!></details>"), Zi = /* @__PURE__ */ J("<button>Clear all filters</button>"), Qi = /* @__PURE__ */ J("<section aria-label=\"Filter\"><h2>Filter <span class=\"count\"> </span></h2> <input type=\"search\" placeholder=\"Search ids and texts\" aria-label=\"Search ids and texts\" class=\"svelte-1ozrgda\"/> <!> <!></section>");
function $i(e, t) {
	He(t, !0);
	let n = vi(t, "page", 7);
	function r(e) {
		return e === "moved" ? Mi : n().field(e)?.values ?? null;
	}
	var i = Qi(), a = L(i), o = R(z(L(a)));
	k(a);
	var s = z(a, 2);
	ai(s);
	var c = z(s, 2);
	Q(c, 17, () => n().choices.filter((e) => e.key), (e) => e.key, (e, t) => {
		let i = /* @__PURE__ */ M(() => r(K(t).key));
		var a = Xi(), o = L(a), s = R(o), c = z(o, 2), l = (e) => {
			var r = Yi(), a = nn(r);
			Q(a, 21, () => K(i).slice(0, 40), jr, (e, r, a) => {
				var o = Ki(), s = L(o), c = L(s);
				ai(c);
				var l = z(c, 2), u = R(l, !0);
				k(s);
				var d = z(s, 2);
				k(o), B((e, t, n) => {
					si(c, e), X(u, t), l.dir = l.dir, $(d, "aria-label", `Only ${n ?? ""}`);
				}, [
					() => n().isOn(K(t).key, a),
					() => Di(K(r)),
					() => Di(K(r))
				]), q("change", c, () => n().toggle(K(t).key, a)), q("click", d, () => n().only(K(t).key, a, K(i).length)), Y(e, o);
			}), k(a);
			var o = z(a, 2), s = (e) => {
				var t = qi(), n = R(t);
				B(() => X(n, `${K(i).length - 40} more; find them with the search.`)), Y(e, t);
			};
			Z(o, (e) => {
				K(i).length > 40 && e(s);
			});
			var c = z(o, 2), l = (e) => {
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
		}), k(a), B(() => {
			a.open = K(t).key === "moved", X(s, `${K(t).name ?? ""}${K(t).key in n().filters ? " (filtered)" : ""}`);
		}), Y(e, a);
	});
	var l = z(c, 2), u = (e) => {
		var t = Zi();
		q("click", t, () => n().clearAll()), Y(e, t);
	};
	Z(l, (e) => {
		n().shown < n().n && e(u);
	}), k(i), B((e, t) => X(o, `${e ?? ""} of ${t ?? ""} shown`), [() => n().shown.toLocaleString("en"), () => n().n.toLocaleString("en")]), di(s, () => n().search, (e) => n().search = e), Y(e, i), Ue();
}
pr(["change", "click"]);
// src/Picture.svelte
var ea = /* @__PURE__ */ J("<img alt=\"\" class=\"svelte-1bg37yt\"/>"), ta = /* @__PURE__ */ J("<span class=\"none svelte-1bg37yt\">no picture</span>");
function na(e, t) {
	He(t, !0);
	let n = /* @__PURE__ */ P(!1), r = /* @__PURE__ */ M(() => {
		if (!t.page.bundle.manifest.pictures) return "";
		let e = t.page.bundle.blob("picture", t.row);
		return e.length ? URL.createObjectURL(new Blob([e], { type: "image/jpeg" })) : "";
	});
	hn(() => {
		let e = K(r);
		return F(n, !1), () => URL.revokeObjectURL(e);
	});
	var i = xr(), a = nn(i), o = (e) => {
		var i = ea();
		let a;
		B(() => {
			$(i, "src", K(r)), a = qr(i, "", a, {
				width: `${t.side ?? ""}px`,
				"max-height": `${t.side ?? ""}px`
			});
		}), fr("error", i, () => F(n, !0)), ur(i), Y(e, i);
	}, s = (e) => {
		var n = ta();
		let r;
		B(() => r = qr(n, "", r, {
			width: `${t.side ?? ""}px`,
			height: `${t.side ?? ""}px`
		})), Y(e, n);
	};
	Z(a, (e) => {
		K(r) && !K(n) ? e(o) : t.page.bundle.manifest.pictures && e(s, 1);
	}), Y(e, i), Ue();
}
// src/Card.svelte
var ra = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\"> </dt><dd dir=\"auto\" class=\"svelte-lv9s7p\"> </dd>", 1), ia = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\">in space</dt><dd class=\"svelte-lv9s7p\"> </dd> <dt class=\"svelte-lv9s7p\">on screen</dt><dd class=\"svelte-lv9s7p\"> </dd> <dt class=\"svelte-lv9s7p\">so it</dt><dd class=\"svelte-lv9s7p\"> </dd>", 1), aa = /* @__PURE__ */ J("<dt class=\"svelte-lv9s7p\">map keeps</dt><dd class=\"svelte-lv9s7p\"> </dd>", 1), oa = /* @__PURE__ */ J("<div><!> <dl class=\"svelte-lv9s7p\"><!> <!> <!></dl></div>");
function sa(e, t) {
	He(t, !0);
	let n = vi(t, "brief", 3, !1), r = /* @__PURE__ */ M(() => t.page.bundle.manifest.fields.filter((e) => e.name !== t.page.bundle.manifest.pictures?.column));
	function i(e) {
		let r = Di(t.page.bundle.text(e, t.row));
		return n() && r.length > 160 ? r.slice(0, 160) + "…" : r;
	}
	var a = oa();
	let o;
	var s = L(a);
	{
		let e = /* @__PURE__ */ M(() => n() ? 56 : 72);
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
	var c = z(s, 2), l = L(c);
	Q(l, 17, () => K(r).slice(0, n() ? 5 : void 0), (e) => e.column, (e, t) => {
		var n = xr(), r = nn(n), a = (e) => {
			var n = ra(), r = nn(n), a = R(r, !0), o = z(r), s = R(o, !0);
			B((e) => {
				X(a, K(t).name), X(s, e), o.dir = o.dir;
			}, [() => i(K(t))]), Y(e, n);
		}, o = /* @__PURE__ */ M(() => i(K(t)));
		Z(r, (e) => {
			K(o) && e(a);
		}), Y(e, n);
	});
	var u = z(l, 2), d = (e) => {
		var n = ia(), r = z(nn(n)), i = R(r), a = z(r, 3), o = R(a), s = R(z(a, 3), !0);
		B((e, t, n) => {
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
	var f = z(u, 2), p = (e) => {
		var n = aa(), r = R(z(nn(n)));
		B((e) => X(r, `${e ?? ""} % of its neighbours`), [() => Math.round(100 * t.page.values("kept")[t.row])]), Y(e, n);
	}, m = /* @__PURE__ */ M(() => t.page.bundle.has("kept/0"));
	Z(f, (e) => {
		K(m) && e(p);
	}), k(c), k(a), B(() => o = Gr(a, 1, "card svelte-lv9s7p", null, o, { brief: n() })), Y(e, a), Ue();
}
// src/Picked.svelte
var ca = /* @__PURE__ */ J("<li class=\"svelte-8t22gv\"><button class=\"svelte-8t22gv\"><!> <span dir=\"auto\" class=\"svelte-8t22gv\"> </span></button></li>"), la = /* @__PURE__ */ J("<h4 class=\"svelte-8t22gv\"> <span class=\"count\"> </span></h4> <ul class=\"svelte-8t22gv\"></ul>", 1), ua = /* @__PURE__ */ J("<h3 class=\"svelte-8t22gv\"> </h3> <p class=\"quiet\"> </p> <!>", 1), da = /* @__PURE__ */ J("<section aria-label=\"Item\"><h2>Item <button aria-label=\"Put the item away\">×</button></h2> <!> <!></section>");
function fa(e, t) {
	He(t, !0);
	let n = vi(t, "page", 7), r = /* @__PURE__ */ M(() => n().near(n().start, n().picked)), i = /* @__PURE__ */ M(() => n().near(n().end, n().picked)), a = /* @__PURE__ */ M(() => {
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
	}), o = /* @__PURE__ */ M(() => n().bundle.manifest.fields.find((e) => e.name === "label"));
	var s = da(), c = L(s), l = z(L(c));
	k(c);
	var u = z(c, 2);
	sa(u, {
		get page() {
			return n();
		},
		get row() {
			return n().picked;
		}
	});
	var d = z(u, 2), f = (e) => {
		var t = ua(), i = nn(t), s = R(i), c = z(i, 2), l = R(c, !0);
		Q(z(c, 2), 17, () => n().start === n().end ? [{
			name: "nearest",
			sign: "",
			rows: K(r)
		}] : K(a), (e) => e.name, (e, t) => {
			var r = la(), i = nn(r), a = L(i), s = R(z(a), !0);
			k(i);
			var c = z(i, 2);
			Q(c, 20, () => K(t).rows, (e) => e, (e, t) => {
				var r = ca(), i = L(r), a = L(i);
				na(a, {
					get page() {
						return n();
					},
					get row() {
						return t;
					},
					side: 28
				});
				var s = z(a, 2), c = R(s, !0);
				k(i), k(r), B((e, t) => {
					$(i, "data-id", e), X(c, t), s.dir = s.dir;
				}, [() => n().bundle.id(t), () => Di(n().bundle.id(t) + (K(o) ? ` · ${n().bundle.text(K(o), t)}` : ""))]), q("click", i, () => n().picked = t), Y(e, r);
			}), k(c), B(() => {
				X(a, `${K(t).sign ?? ""} ${K(t).name ?? ""} `), X(s, K(t).rows.length), $(c, "data-group", K(t).name);
			}), Y(e, r);
		}), B(() => {
			X(s, `${n().bundle.manifest.k ?? ""} nearest in the original space, by cosine`), X(l, n().start === n().end ? n().stages[n().start] : `${n().stages[n().start]} → ${n().stages[n().end]}`);
		}), Y(e, t);
	};
	Z(d, (e) => {
		n().bundle.manifest.k && e(f);
	}), k(s), q("click", l, () => n().picked = -1), Y(e, s), Ue();
}
pr(["click"]);
var pa = {
	x: .5,
	y: .5,
	zoom: 1
};
function ma(e, t) {
	return Math.min(t.width, t.height) * e.zoom;
}
function ha(e, t, n, r) {
	let i = ma(e, t);
	return [t.width / 2 + (n - e.x) * i, t.height / 2 - (r - e.y) * i];
}
function ga(e, t, n, r) {
	let i = ma(e, t);
	return [e.x + (n - t.width / 2) / i, e.y - (r - t.height / 2) / i];
}
function _a(e, t, n, r, i) {
	let a = Math.min(400, Math.max(.5, e.zoom * i)), [o, s] = ga(e, t, n, r), c = e.zoom / a;
	return {
		x: o + (e.x - o) * c,
		y: s + (e.y - s) * c,
		zoom: a
	};
}
function va(e, t, n) {
	let r = Math.sqrt(n.width * n.height / Math.max(e, 1)), i = Math.min(14, Math.max(2, .3 * r) * Math.max(t.zoom, 1) ** .35), a = e * i * i / (n.width * n.height * t.zoom * t.zoom);
	return {
		side: i,
		alpha: Math.min(.85, Math.max(.12, .35 / Math.sqrt(a + 1e-9)))
	};
}
// src/overlay.ts
var ya = 400, ba = 60, xa = 34, Sa = 60, Ca = class {
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
		return ha(n.camera, t, a(0), a(1));
	}
	arrows(e, t, n) {
		let { page: r } = this;
		if (r.step < 0) return;
		let i = r.positions(r.start), a = r.positions(r.end), o = Array.from(r.selected.length ? r.selected : r.passing.keys()).filter((e) => r.passing[e]), s = r.values("space");
		o = o.sort((e, t) => s[t] - s[e]).slice(0, r.selected.length ? ya : 60), e.strokeStyle = e.fillStyle = n.text, e.globalAlpha = .6, e.lineWidth = 1;
		for (let n of o) {
			let [o, s] = ha(r.camera, t, i[2 * n] / 65535, i[2 * n + 1] / 65535), [c, l] = ha(r.camera, t, a[2 * n] / 65535, a[2 * n + 1] / 65535), u = Math.atan2(l - s, c - o);
			e.beginPath(), e.moveTo(o, s), e.lineTo(c, l), e.stroke(), e.beginPath(), e.moveTo(c, l);
			for (let t of [2.7, -2.7]) e.lineTo(c + 6 * Math.cos(u + t), l + 6 * Math.sin(u + t));
			e.fill();
		}
		e.globalAlpha = 1;
	}
	linkLines(e, t, n) {
		let { page: r } = this;
		if (!r.bundle.has("reference/of")) return;
		let i = r.bundle.column("reference/of"), a = r.bundle.column("reference/position");
		e.strokeStyle = n.text, e.globalAlpha = .35, e.lineWidth = 1;
		let o = r.selected.length ? Array.from(r.selected).slice(0, ya) : [r.picked];
		for (let n of o) n < 0 || i[n] * 2 >= a.length || (e.beginPath(), e.moveTo(...this.place(n, t)), e.lineTo(...ha(r.camera, t, a[2 * i[n]] / 65535, a[2 * i[n] + 1] / 65535)), e.stroke());
		e.globalAlpha = 1;
	}
	stars(e, t, n, r) {
		let { bundle: i } = this.page, a = i.manifest.reference;
		if (!a) return;
		let o = i.column("reference/position"), s = a.fields.find((e) => e.name === "label") ?? a.fields[0], c = a.n <= Sa;
		e.font = "12px system-ui, sans-serif", e.lineJoin = "round";
		let l = [];
		for (let u = 0; u < a.n; u++) {
			let [a, d] = ha(t, n, o[2 * u] / 65535, o[2 * u + 1] / 65535);
			if (a < 0 || d < 0 || a > n.width || d > n.height) continue;
			e.beginPath();
			for (let t = 0; t < 10; t++) {
				let n = t % 2 ? 3 : 7.5, r = t * Math.PI / 5 - Math.PI / 2;
				e.lineTo(a + n * Math.cos(r), d + n * Math.sin(r));
			}
			if (e.closePath(), e.lineWidth = 2.5, e.strokeStyle = r.paper, e.stroke(), e.fillStyle = r.text, e.fill(), !c) continue;
			let f = wa(Di(i.text(s, u))), p = e.measureText(f).width, m = a + 10 + p > n.width ? a - 10 - p : a + 10, h = [
				m,
				d - 8,
				m + p,
				d + 8
			];
			l.some((e) => e[0] < h[2] && h[0] < e[2] && e[1] < h[3] && h[1] < e[3]) || (l.push(h), e.lineWidth = 3.5, e.strokeText(f, m, d + 4), e.fillText(f, m, d + 4));
		}
	}
	thumbnails(e, t, n, r) {
		let { page: i } = this;
		if (!i.bundle.manifest.pictures || t.zoom < 2) return;
		let a = Math.min(n.width, n.height) * t.zoom * 2, o = i.grid.inside(t.x - n.width / a, t.y - n.height / a, t.x + n.width / a, t.y + n.height / a, (e) => i.passing[e] === 1);
		if (!(o.length > ba)) for (let t of o) {
			let a = this.picture(t);
			if (!a) continue;
			let [o, s] = this.place(t, n), c = xa / Math.max(a.width, a.height), [l, u] = [a.width * c, a.height * c];
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
function wa(e) {
	return e.length > 28 ? e.slice(0, 27) + "…" : e;
}
// src/points.ts
var Ta = 128;
function Ea(e, t, n, r) {
	for (let i = 0; i < r.length; i++) r[i] = (e[i] + (t[i] - e[i]) * n) / 65535;
	return r;
}
var Da = class {
	points;
	starts = /* @__PURE__ */ new Uint32Array(16385);
	order;
	constructor(e) {
		this.points = e;
		let t = e.length / 2, n = new Uint32Array(t);
		for (let r = 0; r < t; r++) n[r] = Oa(e[2 * r]) + Ta * Oa(e[2 * r + 1]), this.starts[n[r] + 1]++;
		for (let e = 0; e < 16384; e++) this.starts[e + 1] += this.starts[e];
		let r = this.starts.slice();
		this.order = new Uint32Array(t);
		for (let e = 0; e < t; e++) this.order[r[n[e]]++] = e;
	}
	inside(e, t, n, r, i) {
		let a = [];
		for (let o = Oa(t); o <= Oa(r); o++) for (let s = this.starts[Oa(e) + Ta * o]; s < this.starts[Oa(n) + Ta * o + 1]; s++) {
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
function Oa(e) {
	return Math.min(127, Math.max(0, Math.floor(e * Ta)));
}
function ka(e, t, n) {
	let r = !1;
	for (let i = 0, a = e.length - 1; i < e.length; a = i++) {
		let [o, s] = e[i], [c, l] = e[a];
		s > n != l > n && t < (c - o) * (n - s) / (l - s) + o && (r = !r);
	}
	return r;
}
var Aa = 5e4, ja = "#version 300 es\nin vec2 a_from; in vec2 a_to; in uvec2 a_look;\nuniform vec2 u_centre; uniform vec2 u_scale; uniform float u_t, u_side; uniform uint u_pass;\nflat out uint v_colour;\nvoid main() {\n  vec2 at = mix(a_from, a_to, u_t);\n  gl_Position = vec4((at - u_centre) * u_scale, 0.0, 1.0);\n  if (a_look.y != u_pass) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);\n  gl_PointSize = u_side;\n  v_colour = a_look.x;\n}", Ma = "#version 300 es\nprecision highp float;\nuniform sampler2D u_palette; uniform float u_alpha, u_side;\nflat in uint v_colour; out vec4 colour;\nvoid main() {\n  float edge = (0.5 - length(gl_PointCoord - 0.5)) * u_side;\n  if (edge < 0.0) discard;\n  colour = vec4(texelFetch(u_palette, ivec2(int(v_colour), 0), 0).rgb, 1.0) * u_alpha * clamp(edge, 0.0, 1.0);\n}", Na = class {
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
		for (let [n, r] of [[e.VERTEX_SHADER, ja], [e.FRAGMENT_SHADER, Ma]]) {
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
		let a = new Uint8Array(n.flatMap((e) => [...Ia(e), 255]));
		r.texImage2D(r.TEXTURE_2D, 0, r.RGBA, 256, 1, 0, r.RGBA, r.UNSIGNED_BYTE, a);
	}
	draw({ camera: e, size: t, ratio: n, t: r, side: i, alpha: a, dimmed: o }) {
		let s = this.gl;
		if (s.viewport(0, 0, s.canvas.width, s.canvas.height), s.clearColor(0, 0, 0, 0), s.clear(s.COLOR_BUFFER_BIT), !this.pair) return;
		[...this.pair, this.lookBuffer].forEach((e, t) => {
			s.bindBuffer(s.ARRAY_BUFFER, e), t < 2 ? s.vertexAttribPointer(this.places[t], 2, s.UNSIGNED_SHORT, !0, 0, 0) : s.vertexAttribIPointer(this.places[t], 2, s.UNSIGNED_BYTE, 0, 0);
		});
		let c = ma(e, t);
		s.uniform2f(this.uniforms.u_centre, e.x, e.y), s.uniform2f(this.uniforms.u_scale, 2 * c / t.width, 2 * c / t.height), s.uniform1f(this.uniforms.u_t, r);
		for (let e of this.selected ? [1, 2] : [1]) {
			let t = e === 2;
			s.uniform1f(this.uniforms.u_side, (t ? i + 2 : i) * n), s.uniform1f(this.uniforms.u_alpha, t ? 1 : o ? a * .3 : a), s.uniform1ui(this.uniforms.u_pass, e), s.drawArrays(s.POINTS, 0, this.n);
		}
	}
}, Pa = class {
	context;
	limit = Aa;
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
				let [a, o] = ha(e, t, (this.from[2 * i] + (this.to[2 * i] - this.from[2 * i]) * r) / 65535, (this.from[2 * i + 1] + (this.to[2 * i + 1] - this.from[2 * i + 1]) * r) / 65535);
				a < -l || o < -l || a > t.width + l || o > t.height + l || (s.fillStyle = this.palette[this.codes[i]], s.beginPath(), s.arc(a, o, l, 0, 2 * Math.PI), s.fill());
			}
		}
	}
};
function Fa(e) {
	let t = e.getContext("webgl2", {
		antialias: !1,
		preserveDrawingBuffer: !0
	});
	if (t) return {
		renderer: new Na(t),
		note: ""
	};
	let n = e.getContext("2d");
	if (!n) throw Error("This browser can draw neither with WebGL2 nor on a canvas.");
	return {
		renderer: new Pa(n),
		note: "This browser has no WebGL2; points are drawn slowly."
	};
}
function Ia(e) {
	let t = parseInt(e.slice(1), 16);
	return [
		t >> 16,
		t >> 8 & 255,
		t & 255
	];
}
// src/save.ts
function La(e, t) {
	let n = document.createElement("a");
	n.href = URL.createObjectURL(t), n.download = e, n.click(), setTimeout(() => URL.revokeObjectURL(n.href), 1e4);
}
function Ra(e, t) {
	let { bundle: n, step: r } = e, i = n.manifest.fields, a = r < 0 ? [] : [
		"space",
		"screen",
		"moved"
	].filter((e) => n.has(`${e}/${r}`)), o = [[...i.map((e) => e.name), ...a]];
	for (let s of t) {
		let t = a.map((e) => String(n.column(`${e}/${r}`)[s]));
		o.push([...i.map((t) => za(e, t.column, s)), ...t]);
	}
	return o.map((e) => e.map(Ba).join(",")).join("\r\n") + "\r\n";
}
function za(e, t, n) {
	let r = e.field(t);
	if (r.kind !== "number") return e.bundle.text(r, n);
	let i = e.bundle.column(t)[n];
	return Number.isNaN(i) ? "" : String(i);
}
function Ba(e) {
	return /[",\r\n]/.test(e) ? `"${e.replaceAll("\"", "\"\"")}"` : e;
}
function Va(e, t, n) {
	let { width: r, height: i } = t.size, { codes: a, palette: o } = e.colouring, s = [`<svg xmlns="http://www.w3.org/2000/svg" width="${r}" height="${i}" viewBox="0 0 ${r} ${i}">`, `<rect width="100%" height="100%" fill="${n}"/>`];
	for (let n = 0; n < e.n; n++) {
		if (!e.states[n]) continue;
		let [c, l] = ha(t.camera, t.size, e.now[2 * n], e.now[2 * n + 1]);
		if (c < 0 || l < 0 || c > r || l > i) continue;
		let u = e.states[n] === 2, d = u ? 1 : t.dimmed ? t.alpha * .3 : t.alpha, f = ((u ? t.side + 2 : t.side) / 2).toFixed(1), p = `rgb(${Ia(o[a[n]]).join(",")})`;
		s.push(`<circle cx="${c.toFixed(1)}" cy="${l.toFixed(1)}" r="${f}" fill="${p}" fill-opacity="${d.toFixed(2)}"/>`);
	}
	return s.join("\n") + "\n</svg>\n";
}
// src/Plot.svelte
var Ha = /* @__PURE__ */ J("<div><!></div>"), Ua = /* @__PURE__ */ J("<p class=\"empty svelte-9dwqi0\">No item passes the filters.</p>"), Wa = /* @__PURE__ */ J("<div class=\"plot svelte-9dwqi0\" role=\"application\" tabindex=\"0\"><canvas class=\"svelte-9dwqi0\"></canvas> <canvas></canvas> <!> <!></div>");
function Ga(e, t) {
	He(t, !0);
	let n = vi(t, "page", 7), r, i, a, o = /* @__PURE__ */ P(null), s = /* @__PURE__ */ P(Kt({
		width: 0,
		height: 0
	})), c = /* @__PURE__ */ P(-1), l = /* @__PURE__ */ P(Kt([0, 0])), u = /* @__PURE__ */ P([]), d = null, f = !1, p = /* @__PURE__ */ P(0), m = /* @__PURE__ */ P(!1), h = /* @__PURE__ */ new Map(), g = new Ca(n(), () => Ut(p)), _ = window.devicePixelRatio || 1;
	yi(() => {
		try {
			let e = Fa(i);
			if (F(o, e.renderer), n().note ||= e.note, n().n > e.renderer.limit) {
				let t = Math.ceil(n().n / e.renderer.limit);
				n().note = `${e.note} One of every ${t} of ${n().n.toLocaleString("en")} points is drawn, the others are left out.`;
			}
		} catch (e) {
			n().note = e.message;
		}
		let e = matchMedia("(prefers-color-scheme: dark)");
		F(m, e.matches, !0), e.addEventListener("change", () => F(m, e.matches, !0));
		let t = new ResizeObserver(() => {
			F(s, {
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
		let e = va(n().shown, n().camera, K(s));
		return {
			camera: n().camera,
			size: K(s),
			ratio: _,
			t: n().t,
			...e,
			dimmed: n().selected.length > 0
		};
	}
	hn(() => {
		K(o)?.stages(n().positions(n().start), n().positions(n().end));
	}), hn(() => {
		K(o)?.look(n().colouring.codes, n().states, n().colouring.palette);
	}), hn(() => {
		n().colouring, n().states, n().start, K(m), K(s).width && (y(i), K(o)?.draw(b()));
	}), hn(() => {
		K(p), n().states, n().t, n().colouring;
		let e = K(s).width ? a.getContext("2d") : null;
		y(a), e && g.draw(e, K(s), _, v(), K(u), K(c));
	});
	function x(e) {
		let t = r.getBoundingClientRect();
		return [e.clientX - t.left, e.clientY - t.top];
	}
	function S([e, t]) {
		let [r, i] = ga(n().camera, K(s), e, t);
		return n().grid.nearest(r, i, 14 / ma(n().camera, K(s)), (e) => n().passing[e] === 1);
	}
	function ee(e) {
		e.button === 0 && (a.setPointerCapture(e.pointerId), h.set(e.pointerId, x(e)), d = x(e), f = !1, F(c, -1), (n().tool !== "move" || e.shiftKey) && F(u, [d]));
	}
	function te(e) {
		let t = x(e);
		if (F(l, t, !0), !d) {
			F(c, n().playing ? -1 : S(t), !0);
			return;
		}
		let r = h.get(e.pointerId) ?? t;
		if (h.size === 2) {
			let i = [...h].find(([t]) => t !== e.pointerId)[1], a = ae(t, i) / Math.max(1, ae(r, i));
			n().camera = _a(n().camera, K(s), (t[0] + i[0]) / 2, (t[1] + i[1]) / 2, a), f = !0;
		} else if (K(u).length) F(u, n().tool === "box" ? ie(d, t) : [...K(u), t]);
		else {
			let e = ma(n().camera, K(s)), { x: i, y: a, zoom: o } = n().camera;
			n().camera = {
				x: i - (t[0] - r[0]) / e,
				y: a + (t[1] - r[1]) / e,
				zoom: o
			};
		}
		h.set(e.pointerId, t), ae(t, d) > 4 && (f = !0);
	}
	function ne(e) {
		h.delete(e.pointerId), d && !h.size && (f ? K(u).length > 2 && re(e.altKey) : n().picked = S(x(e)), F(u, []), d = null);
	}
	function re(e) {
		let t = K(u).map(([e, t]) => ga(n().camera, K(s), e, t)), r = t.map(([e]) => e), i = t.map(([, e]) => e), a = n().grid.inside(Math.min(...r), Math.min(...i), Math.max(...r), Math.max(...i), (e) => n().passing[e] === 1 && ka(t, n().now[2 * e], n().now[2 * e + 1]));
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
		e.preventDefault(), n().camera = _a(n().camera, K(s), ...x(e), Math.exp(-e.deltaY * .0016));
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
			0: () => n().camera = pa,
			n: () => le(1),
			b: () => le(-1),
			Escape: () => (n().select([]), n().picked = -1)
		};
		!(e.key in o) || e.ctrlKey || e.metaKey || (e.preventDefault(), o[e.key]());
	}
	function ce(e) {
		n().camera = _a(n().camera, K(s), K(s).width / 2, K(s).height / 2, e);
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
		t && K(o) && (K(o).draw(b()), t.fillStyle = v().paper, t.fillRect(0, 0, e.width, e.height), t.drawImage(i, 0, 0), t.drawImage(a, 0, 0), e.toBlob((e) => e && La("view.png", e)));
	}
	function de() {
		La("view.svg", new Blob([Va(n(), b(), v().paper)], { type: "image/svg+xml" }));
	}
	var fe = {
		savePng: ue,
		saveSvg: de
	}, C = Wa(), pe = L(C);
	hi(pe, (e) => i = e, () => i);
	var w = z(pe, 2);
	let me;
	hi(w, (e) => a = e, () => a);
	var he = z(w, 2), T = (e) => {
		var t = Ha();
		let r, i;
		sa(L(t), {
			get page() {
				return n();
			},
			get row() {
				return K(c);
			},
			brief: !0
		}), k(t), B((e) => {
			r = Gr(t, 1, "hover svelte-9dwqi0", null, r, { left: K(l)[0] > K(s).width / 2 }), i = qr(t, "", i, {
				left: `${K(l)[0] ?? ""}px`,
				top: e
			});
		}, [() => `${Math.min(K(l)[1], K(s).height - 150)}px`]), Y(e, t);
	};
	Z(he, (e) => {
		K(c) >= 0 && K(c) < n().n && e(T);
	});
	var ge = z(he, 2), _e = (e) => {
		Y(e, Ua());
	};
	return Z(ge, (e) => {
		n().shown === 0 && e(_e);
	}), k(C), hi(C, (e) => r = e, () => r), B((e) => {
		$(C, "aria-label", `Map of ${e ?? ""} items. Arrow keys move, plus and minus zoom, 0 shows all, n and b go from item to item.`), me = Gr(w, 1, "svelte-9dwqi0", null, me, { draws: n().tool !== "move" });
	}, [() => n().shown.toLocaleString("en")]), q("keydown", C, se), q("pointerdown", w, ee), q("pointermove", w, te), q("pointerup", w, ne), fr("pointercancel", w, ne), fr("pointerleave", w, () => F(c, -1)), fr("wheel", w, oe), Y(e, C), Ue(fe);
}
pr([
	"keydown",
	"pointerdown",
	"pointermove",
	"pointerup"
]);
// src/Scrubber.svelte
var Ka = /* @__PURE__ */ J("<button> </button>"), qa = /* @__PURE__ */ J("<div class=\"scrubber svelte-12ad2un\"><button> </button> <button aria-label=\"Previous stage\">‹</button> <button aria-label=\"Next stage\">›</button> <div class=\"track svelte-12ad2un\"><input type=\"range\" min=\"0\" step=\"0.01\" aria-label=\"Stage\" class=\"svelte-12ad2un\"/> <div class=\"names svelte-12ad2un\"></div></div></div>");
function Ja(e, t) {
	He(t, !0);
	let n = vi(t, "page", 7), r = /* @__PURE__ */ M(() => n().stages.length - 1);
	hn(() => {
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
	var o = xr(), s = nn(o), c = (e) => {
		var t = qa(), o = L(t), s = R(o, !0), c = z(o, 2), l = z(c, 2), u = z(l, 2), d = L(u);
		ai(d);
		var f = z(d, 2);
		Q(f, 21, () => n().stages, jr, (e, t, r) => {
			var i = Ka();
			let a;
			var o = R(i, !0);
			B(() => {
				a = Gr(i, 1, "name svelte-12ad2un", null, a, { now: r === n().stage }), $(i, "aria-current", r === n().stage ? "step" : void 0), X(o, K(t));
			}), q("click", i, () => (n().playing = !1, n().at = r)), Y(e, i);
		}), k(f), k(u), k(t), B(() => {
			$(o, "aria-label", n().playing ? "Pause" : "Play"), X(s, n().playing ? "❚❚" : "▶"), c.disabled = n().at <= 0, l.disabled = n().at >= K(r), $(d, "max", K(r)), $(d, "aria-valuetext", `${n().stages[n().stage] ?? ""}, ${n().stage + 1} of ${K(r) + 1}`);
		}), q("click", o, i), q("click", c, () => a(-1)), q("click", l, () => a(1)), q("input", d, () => n().playing = !1), di(d, () => n().at, (e) => n().at = e), Y(e, t);
	};
	Z(s, (e) => {
		K(r) > 0 && e(c);
	}), Y(e, o), Ue();
}
pr(["click", "input"]);
// src/Verdict.svelte
var Ya = /* @__PURE__ */ J("<p> </p>"), Xa = /* @__PURE__ */ J("<li> </li>"), Za = /* @__PURE__ */ J("<section aria-label=\"Verdict\"><p class=\"verdict svelte-19834y8\"><strong class=\"svelte-19834y8\"> </strong> <span class=\"quiet\"> </span></p> <!> <ul class=\"svelte-19834y8\"></ul> <details><summary> </summary> <ul class=\"svelte-19834y8\"></ul> <code class=\"svelte-19834y8\"> </code></details></section>");
function Qa(e, t) {
	He(t, !0);
	var n = Za(), r = L(n), i = L(r), a = R(i, !0), o = R(z(i, 2));
	k(r);
	var s = z(r, 2), c = (e) => {
		var n = Ya(), r = R(n);
		B((e) => X(r, `Flags: ${e ?? ""}`), [() => t.verdict.flags.join(", ")]), Y(e, n);
	};
	Z(s, (e) => {
		t.verdict.flags.length && e(c);
	});
	var l = z(s, 2);
	Q(l, 21, () => t.verdict.because.slice(0, 2), jr, (e, t) => {
		var n = Xa(), r = R(n, !0);
		B(() => X(r, K(t))), Y(e, n);
	}), k(l);
	var u = z(l, 2), d = L(u), f = R(d), p = z(d, 2);
	Q(p, 21, () => t.verdict.because.slice(2), jr, (e, t) => {
		var n = Xa(), r = R(n, !0);
		B(() => X(r, K(t))), Y(e, n);
	}), k(p);
	var m = R(z(p, 2), !0);
	k(u), k(n), B(() => {
		X(a, t.verdict.word), X(o, `verdict of ${t.verdict.verb ?? ""}`), X(f, `${t.verdict.because.length > 2 ? `${t.verdict.because.length - 2} more reasons, and how` : "How"} to repeat it`), X(m, t.verdict.replay);
	}), Y(e, n), Ue();
}
// src/App.svelte
var $a = /* @__PURE__ */ J("<button> </button>"), eo = /* @__PURE__ */ J("<button>Arrows</button>"), to = /* @__PURE__ */ J("<button>Links</button>"), no = /* @__PURE__ */ J("<p class=\"warning svelte-1n46o8q\" role=\"alert\"> </p>"), ro = /* @__PURE__ */ J("<section aria-label=\"Selection\"><h2>Selection <span class=\"count\"> </span></h2> <button>CSV</button> <button>Clear</button></section>"), io = /* @__PURE__ */ J("<option> </option>"), ao = /* @__PURE__ */ J("<div class=\"scale svelte-1n46o8q\"></div> <div class=\"ends svelte-1n46o8q\"><span> </span><span> </span></div>", 1), oo = /* @__PURE__ */ J("<li class=\"svelte-1n46o8q\"><i class=\"svelte-1n46o8q\"></i><span dir=\"auto\" class=\"svelte-1n46o8q\"> </span><b class=\"svelte-1n46o8q\"> </b></li>"), so = /* @__PURE__ */ J("<li class=\"svelte-1n46o8q\"><i class=\"star svelte-1n46o8q\" aria-hidden=\"true\">★</i><span class=\"svelte-1n46o8q\"> </span><b class=\"svelte-1n46o8q\"> </b></li>"), co = /* @__PURE__ */ J("<div class=\"page svelte-1n46o8q\"><header class=\"svelte-1n46o8q\"><h1 class=\"svelte-1n46o8q\"> </h1> <div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Pointer\"></div> <div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Draw\"><!> <!></div> <div class=\"tools svelte-1n46o8q\" role=\"group\" aria-label=\"Save\"><button>PNG</button> <button>SVG</button> <button>Link</button></div> <span role=\"status\" class=\"quiet\"> </span></header> <main class=\"svelte-1n46o8q\"><!> <!></main> <aside aria-label=\"Details\" tabindex=\"0\" class=\"svelte-1n46o8q\"><!> <!> <!> <!> <section aria-label=\"Colour\"><h2><label for=\"colour\">Colour</label></h2> <select id=\"colour\" class=\"svelte-1n46o8q\"></select> <!> <ul class=\"svelte-1n46o8q\"><!> <!></ul></section> <!> <!> <p class=\"quiet\"> </p></aside></div>");
function lo(e, t) {
	He(t, !0);
	let n = vi(t, "page", 7), r, i = /* @__PURE__ */ P(""), a = [
		["move", "Move"],
		["box", "Box"],
		["lasso", "Lasso"]
	];
	hn(() => {
		let e = n().link(), t = setTimeout(() => history.replaceState(null, "", e), 200);
		return () => clearTimeout(t);
	});
	async function o() {
		let e = location.href.split("#")[0] + n().link();
		history.replaceState(null, "", n().link());
		try {
			await navigator.clipboard.writeText(e), F(i, "Link copied");
		} catch {
			F(i, "The link is in the address bar");
		}
		setTimeout(() => F(i, ""), 2500);
	}
	function s() {
		La("selection.csv", new Blob([Ra(n(), n().selected)], { type: "text/csv" }));
	}
	var c = co(), l = L(c), u = L(l), d = R(u, !0), f = z(u, 2);
	Q(f, 21, () => a, ([e, t]) => e, (e, t) => {
		var r = /* @__PURE__ */ M(() => m(K(t), 2));
		let i = () => K(r)[0], a = () => K(r)[1];
		var o = $a(), s = R(o, !0);
		B(() => {
			$(o, "aria-pressed", n().tool === i()), X(s, a());
		}), q("click", o, () => n().tool = i()), Y(e, o);
	}), k(f);
	var p = z(f, 2), h = L(p), g = (e) => {
		var t = eo();
		B(() => $(t, "aria-pressed", n().arrows)), q("click", t, () => n().arrows = !n().arrows), Y(e, t);
	};
	Z(h, (e) => {
		n().step >= 0 && e(g);
	});
	var _ = z(h, 2), v = (e) => {
		var t = to();
		B(() => $(t, "aria-pressed", n().links)), q("click", t, () => n().links = !n().links), Y(e, t);
	}, y = /* @__PURE__ */ M(() => n().bundle.has("reference/of"));
	Z(_, (e) => {
		K(y) && e(v);
	}), k(p);
	var b = z(p, 2), x = L(b), S = z(x, 2), ee = z(S, 2);
	k(b);
	var te = R(z(b, 2), !0);
	k(l);
	var ne = z(l, 2), re = L(ne);
	hi(Ga(re, { get page() {
		return n();
	} }), (e) => r = e, () => r), Ja(z(re, 2), { get page() {
		return n();
	} }), k(ne);
	var ie = z(ne, 2), ae = L(ie), oe = (e) => {
		var t = no(), r = R(t, !0);
		B(() => X(r, n().note)), Y(e, t);
	};
	Z(ae, (e) => {
		n().note && e(oe);
	});
	var se = z(ae, 2), ce = (e) => {
		fa(e, { get page() {
			return n();
		} });
	};
	Z(se, (e) => {
		n().picked >= 0 && e(ce);
	});
	var le = z(se, 2), ue = (e) => {
		var t = ro(), r = L(t), i = R(z(L(r)));
		k(r);
		var a = z(r, 2), o = z(a, 2);
		k(t), B((e) => X(i, `${e ?? ""} items`), [() => n().selected.length.toLocaleString("en")]), q("click", a, s), q("click", o, () => n().select([])), Y(e, t);
	};
	Z(le, (e) => {
		n().selected.length && e(ue);
	});
	var de = z(le, 2), fe = (e) => {
		Qa(e, { get verdict() {
			return n().bundle.manifest.verdict;
		} });
	};
	Z(de, (e) => {
		n().bundle.manifest.verdict && e(fe);
	});
	var C = z(de, 2), pe = z(L(C), 2);
	Q(pe, 21, () => n().choices, (e) => e.key, (e, t) => {
		var n = io(), r = R(n, !0), i = {};
		B(() => {
			X(r, K(t).name), i !== (i = K(t).key) && (n.value = (n.__value = i) ?? "");
		}), Y(e, n);
	}), k(pe), Zr(pe);
	var w = z(pe, 2), me = (e) => {
		var t = ao(), r = nn(t);
		let i;
		var a = z(r, 2), o = L(a), s = R(o, !0), c = R(z(o), !0);
		k(a), B((e, t, n) => {
			i = qr(r, "", i, { background: e }), X(s, t), X(c, n);
		}, [
			() => `linear-gradient(90deg, ${n().colouring.palette.filter((e, t) => t % 32 == 0 && t < 255).join(",") ?? ""})`,
			() => Oi(n().colouring.legend.range[0]),
			() => Oi(n().colouring.legend.range[1])
		]), Y(e, t);
	};
	Z(w, (e) => {
		n().colouring.legend.range && e(me);
	});
	var he = z(w, 2), T = L(he);
	Q(T, 17, () => n().colouring.legend.kinds, (e) => e.name, (e, t) => {
		var n = oo(), r = L(n);
		let i;
		var a = z(r), o = R(a, !0), s = R(z(a), !0);
		k(n), B((e, n) => {
			i = qr(r, "", i, { background: K(t).colour }), X(o, e), a.dir = a.dir, X(s, n);
		}, [() => Di(K(t).name), () => K(t).count.toLocaleString("en")]), Y(e, n);
	});
	var ge = z(T, 2), _e = (e) => {
		var t = so(), r = z(L(t)), i = R(r, !0), a = R(z(r), !0);
		k(t), B((e) => {
			X(i, n().bundle.manifest.reference.name), X(a, e);
		}, [() => n().bundle.manifest.reference.n.toLocaleString("en")]), Y(e, t);
	};
	Z(ge, (e) => {
		n().bundle.manifest.reference && e(_e);
	}), k(he), k(C);
	var ve = z(C, 2);
	Ci(ve, { get page() {
		return n();
	} });
	var ye = z(ve, 2);
	$i(ye, { get page() {
		return n();
	} });
	var be = R(z(ye, 2));
	k(ie), k(c), B(() => {
		X(d, n().bundle.manifest.title), X(te, K(i)), X(be, `Made by repscope ${n().bundle.manifest.version ?? ""}.`);
	}), q("click", x, () => r.savePng()), q("click", S, () => r.saveSvg()), q("click", ee, o), Qr(pe, () => n().colourBy, (e) => n().colourBy = e), Y(e, c), Ue();
}
pr(["click"]);
// src/state.svelte.ts
var uo = 6e3, fo = class {
	bundle;
	n;
	#e = /* @__PURE__ */ P(0);
	get at() {
		return K(this.#e);
	}
	set at(e) {
		F(this.#e, e, !0);
	}
	#t = /* @__PURE__ */ P(!1);
	get playing() {
		return K(this.#t);
	}
	set playing(e) {
		F(this.#t, e, !0);
	}
	#n = /* @__PURE__ */ P(pa);
	get camera() {
		return K(this.#n);
	}
	set camera(e) {
		F(this.#n, e);
	}
	#r = /* @__PURE__ */ P("");
	get colourBy() {
		return K(this.#r);
	}
	set colourBy(e) {
		F(this.#r, e, !0);
	}
	#i = /* @__PURE__ */ P(Kt({}));
	get filters() {
		return K(this.#i);
	}
	set filters(e) {
		F(this.#i, e, !0);
	}
	#a = /* @__PURE__ */ P("");
	get search() {
		return K(this.#a);
	}
	set search(e) {
		F(this.#a, e, !0);
	}
	#o = /* @__PURE__ */ P(-1);
	get picked() {
		return K(this.#o);
	}
	set picked(e) {
		F(this.#o, e, !0);
	}
	#s = /* @__PURE__ */ P(/* @__PURE__ */ new Uint32Array());
	get selected() {
		return K(this.#s);
	}
	set selected(e) {
		F(this.#s, e);
	}
	#c = /* @__PURE__ */ P("move");
	get tool() {
		return K(this.#c);
	}
	set tool(e) {
		F(this.#c, e, !0);
	}
	#l = /* @__PURE__ */ P(!1);
	get arrows() {
		return K(this.#l);
	}
	set arrows(e) {
		F(this.#l, e, !0);
	}
	#u = /* @__PURE__ */ P(!1);
	get links() {
		return K(this.#u);
	}
	set links(e) {
		F(this.#u, e, !0);
	}
	#d = /* @__PURE__ */ P("");
	get note() {
		return K(this.#d);
	}
	set note(e) {
		F(this.#d, e, !0);
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
	#f = /* @__PURE__ */ M(() => Math.max(0, Math.min(Math.floor(this.at), this.stages.length - 2)));
	get start() {
		return K(this.#f);
	}
	set start(e) {
		F(this.#f, e);
	}
	#p = /* @__PURE__ */ M(() => Math.min(this.start + 1, this.stages.length - 1));
	get end() {
		return K(this.#p);
	}
	set end(e) {
		F(this.#p, e);
	}
	#m = /* @__PURE__ */ M(() => this.at - this.start);
	get t() {
		return K(this.#m);
	}
	set t(e) {
		F(this.#m, e);
	}
	#h = /* @__PURE__ */ M(() => Math.min(this.stages.length - 1, Math.round(this.at)));
	get stage() {
		return K(this.#h);
	}
	set stage(e) {
		F(this.#h, e);
	}
	#g = /* @__PURE__ */ M(() => this.bundle.manifest.steps.findIndex((e) => e.from === this.start && e.to === this.end));
	get step() {
		return K(this.#g);
	}
	set step(e) {
		F(this.#g, e);
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
	#_ = /* @__PURE__ */ M(() => {
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
		F(this.#_, e);
	}
	#v = /* @__PURE__ */ M(() => {
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
		F(this.#v, e);
	}
	#y = /* @__PURE__ */ M(() => this.passing.reduce((e, t) => e + t, 0));
	get shown() {
		return K(this.#y);
	}
	set shown(e) {
		F(this.#y, e);
	}
	#b = /* @__PURE__ */ M(() => {
		let e = new Uint8Array(this.n);
		for (let t = 0; t < this.n; t++) e[t] = +!!this.passing[t];
		for (let t of this.selected) e[t] && (e[t] = 2);
		return e;
	});
	get states() {
		return K(this.#b);
	}
	set states(e) {
		F(this.#b, e);
	}
	#x = /* @__PURE__ */ M(() => Ea(this.positions(this.start), this.positions(this.end), this.t, new Float32Array(2 * this.n)));
	get now() {
		return K(this.#x);
	}
	set now(e) {
		F(this.#x, e);
	}
	#S = /* @__PURE__ */ M(() => new Da(this.now));
	get grid() {
		return K(this.#S);
	}
	set grid(e) {
		F(this.#S, e);
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
		let i = po(this.selected);
		return i && i.length < uo && r.set("rows", i), "#" + r.toString();
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
		this.select(mo(t.get("rows") ?? "", this.n));
	}
};
function po(e) {
	return Array.from(e, (t, n) => (t - (n ? e[n - 1] : 0)).toString(36)).join(".");
}
function mo(e, t) {
	if (!e) return [];
	let n = 0;
	return e.split(".").map((e) => n += parseInt(e, 36)).filter((e) => e >= 0 && e < t);
}
// src/main.ts
var ho = document.getElementById("app");
try {
	Er(lo, {
		target: ho,
		props: { page: new fo(await ki()) }
	});
} catch (e) {
	let t = document.createElement("p");
	t.className = "failed", t.textContent = `This page cannot be shown: ${e.message}`, ho.append(t);
}
