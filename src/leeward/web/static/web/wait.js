// A page that waits for a computation looks every two seconds whether it is there, and then shows it. Without this
// script the link "Look again" does the same. Looking counts for nobody as being present.
(function () {
  "use strict";
  var box = document.querySelector("[data-wait]");
  if (!box) return;
  var left = 300;
  var clock = setInterval(function () {
    left -= 1;
    if (left < 0) return clearInterval(clock);
    fetch(box.dataset.wait, { redirect: "manual", headers: { "X-Looking": "yes" } }).then(
      function (answer) { return answer.ok ? answer.text() : "data-wait"; },
      function () { return "data-wait"; }
    ).then(function (text) {
      if (text.indexOf("data-wait") < 0) window.location.reload();
    });
  }, 2000);
})();
