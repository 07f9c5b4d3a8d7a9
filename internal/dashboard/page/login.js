const problems = {
  "?wrong": "That is not the token.",
  "?wait": "Too many wrong tokens. Wait a moment, then try again.",
};
const text = problems[location.search];
if (text) document.getElementById("problem").textContent = text;
