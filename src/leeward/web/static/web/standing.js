// A page that shows somebody asks every second, while it is in sight, whether all of it may still be shown. When a
// permission went, the page is covered at once and read anew. Asking counts for nobody as being present. Without this
// script, or while the line is down, the page stays until the next request.
(function () {
  "use strict";
  var box = document.querySelector("[data-standing]");
  if (!box) return;
  var asking = false;

  function ask() {
    if (asking || document.hidden) return;
    asking = true;
    fetch(box.dataset.standing, { redirect: "manual", headers: { "X-Looking": "yes" } }).then(
      function (answer) { return answer.ok ? answer.text() : answer.status >= 500 ? box.dataset.as : ""; }
    ).catch(
      function () { return box.dataset.as; }
    ).then(function (now) {
      asking = false;
      if (now === box.dataset.as) return;
      document.documentElement.classList.add("left");
      window.location.replace(window.location.pathname + window.location.search);
    });
  }

  setInterval(ask, 800);
  document.addEventListener("visibilitychange", ask);
})();
