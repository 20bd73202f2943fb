// Shows the buttons that copy a text. Without this script they stay hidden, and a click on a text selects all of it.
(() => {
  const status = document.getElementById('copy-status');
  for (const button of document.querySelectorAll('button[data-copies]')) {
    const source = document.getElementById(button.dataset.copies);
    const [label] = button.children;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        label.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(source);
        label.textContent = 'Selected';
      }
      status.textContent = label.textContent;
      setTimeout(() => {
        label.textContent = 'Copy';
        status.textContent = '';
      }, 2500);
    });
  }
})();
