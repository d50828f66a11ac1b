# As many lines as there is room for. A block of code is written whole or not at all: without its end, all behind it would be code.

/^```[a-z]+$/ && !inside { inside = 1; block = "" }
inside {
  block = block $0 "\n"
  if ($0 != "```") next
  inside = 0
}
{
  text = block == "" ? $0 "\n" : block
  block = ""
  size += length(text)
  if (size > most) {
    print "\n(" rest ")"
    exit
  }
  printf "%s", text
}
