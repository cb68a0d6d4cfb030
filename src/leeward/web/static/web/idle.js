// After the idle time the page closes by itself, so that nobody else reads it. A minute before, it asks. Whoever is
// reading or typing counts as present. Without this script the session still ends on the server.
(function () {
  "use strict";
  var box = document.querySelector("[data-idle-minutes]");
  if (!box) return;
  var limit = Number(box.dataset.idleMinutes) * 60000;
  var contact = Date.now();
  var active = false;

  function seen() { if (box.hidden) active = true; }
  ["pointerdown", "keydown", "scroll", "touchstart"].forEach(function (kind) {
    document.addEventListener(kind, seen, { passive: true, capture: true });
  });

  function stay() {
    contact = Date.now();
    active = false;
    box.hidden = true;
    fetch(box.dataset.stay, { redirect: "manual" }).then(
      function (answer) { if (answer.status === 401) close(); },
      function () {}
    );
  }

  function close() {
    var out = document.querySelector("form[data-sign-out]");
    var place = document.createElement("input");
    place.type = "hidden";
    place.name = "next";
    place.value = window.location.pathname;
    document.documentElement.classList.add("left");
    out.appendChild(place);
    out.submit();
  }

  box.querySelector("button").addEventListener("click", stay);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !box.hidden) stay();
  });
  document.addEventListener("leeward:kept", function () { contact = Date.now(); });
  setInterval(function () {
    var quiet = Date.now() - contact;
    if (quiet >= limit - 20000) return close();
    if (quiet >= limit / 2 && active) return stay();
    if (quiet >= limit - 80000 && box.hidden) {
      box.hidden = false;
      box.querySelector("button").focus();
    }
  }, 5000);
})();
