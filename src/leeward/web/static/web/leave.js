// Leave now: the page is covered at once, the session ends on the server, and this page is replaced in the history.
// Without this script the button is an ordinary form that does the same through the server.
(function () {
  "use strict";
  // The browser keeps nothing of ours: no script of a page can put anything into its storage.
  ["localStorage", "sessionStorage", "indexedDB", "caches"].forEach(function (name) {
    try { Object.defineProperty(window, name, { value: null }); } catch (refused) { /* then there is none */ }
  });

  var presses = [];
  var channel = "BroadcastChannel" in window ? new BroadcastChannel("leave") : null;

  function form() { return document.querySelector("form[data-leave]"); }
  function cover() {
    document.documentElement.classList.add("left");
    document.title = "";
  }
  // Should the line be down now, the next request tells the server that somebody left, and ends the session there.
  function note() {
    var name = location.protocol === "https:" ? "__Host-left=1; Secure" : "left=1";
    document.cookie = name + "; Path=/; SameSite=Strict";
  }
  function go() { window.location.replace(form() ? form().dataset.leave : "about:blank"); }
  function leave() {
    cover();
    note();
    if (channel) channel.postMessage("leave");
    if (form()) fetch(form().action, { method: "POST", keepalive: true, redirect: "manual" }).catch(function () {});
    go();
  }

  document.addEventListener("submit", function (event) {
    if (event.target.matches("form[data-leave]")) {
      event.preventDefault();
      leave();
    }
  }, true);
  document.addEventListener("keydown", function (event) {
    if (event.key !== (form() ? form().dataset.leaveKey : "Shift")) { presses = []; return; }
    if (event.repeat) return;
    presses = presses.filter(function (at) { return event.timeStamp - at < 1500; }).concat(event.timeStamp);
    if (presses.length === 3) leave();
  }, true);
  if (channel) channel.onmessage = function () { cover(); go(); };

  // A page that the browser kept in memory is never shown again: the server decides anew.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { cover(); window.location.reload(); }
  });
})();
