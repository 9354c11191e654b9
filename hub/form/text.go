package form

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

var (
	numberForm = regexp.MustCompile(`\A-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,30})?\z`)
	emailForm  = regexp.MustCompile(`\A[^\s@<>()\[\],;:\\"]{1,64}@([\pL\pN]([\pL\pN-]{0,61}[\pL\pN])?\.)+[\pL\pN]([\pL\pN-]{0,61}[\pL\pN])?\z`)
)

// checkSubtype checks a text of a subtype.
func checkSubtype(subtype, text string) (value, wrong string) {
	switch subtype {
	case hub.TextNumber:
		return checkNumber(text)
	case hub.TextEmail:
		return checkEmail(text)
	case hub.TextURL:
		return checkURL(text)
	case hub.TextPhone:
		return checkPhone(text)
	}
	return text, ""
}

// checkNumber takes plain numbers only: what 1,000 means depends on the country,
// and 01 may be a code.
func checkNumber(text string) (value, wrong string) {
	plain := strings.Replace(text, "−", "-", 1)
	if !numberForm.MatchString(plain) {
		return "", fmt.Sprintf(`"%s" is no plain number, such as 5 or -1.5.`, short(text))
	}
	return plain, ""
}

func checkEmail(text string) (value, wrong string) {
	plain := strings.TrimPrefix(unbracket(text), "mailto:")
	if !emailForm.MatchString(plain) || len(plain) > 254 {
		return "", fmt.Sprintf(`"%s" is no e-mail address, such as anna@example.org.`, short(text))
	}
	local, domain, _ := strings.Cut(plain, "@")
	return local + "@" + strings.ToLower(domain), ""
}

// checkURL takes absolute links to the web. One without a scheme gets https.
func checkURL(text string) (value, wrong string) {
	plain := unbracket(text)
	if host, _, _ := strings.Cut(plain, "/"); strings.Contains(host, ".") && !strings.ContainsAny(host, ":@ ") {
		plain = "https://" + plain
	}
	u, err := url.Parse(plain)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsFunc(plain, unicode.IsSpace) {
		return "", fmt.Sprintf(`"%s" is no link, such as https://example.org/page.`, short(text))
	}
	return plain, ""
}

// checkPhone takes digits with what people put between them.
func checkPhone(text string) (value, wrong string) {
	var digits strings.Builder
	plain := strings.TrimPrefix(text, "tel:")
	for i, r := range plain {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			digits.WriteRune(r)
		case strings.ContainsRune("-–./()", r), unicode.IsSpace(r), invisible(r):
		default:
			return "", noPhone(text)
		}
	}
	if n := len(strings.TrimPrefix(digits.String(), "+")); n < 3 || n > 20 {
		return "", noPhone(text)
	}
	return digits.String(), ""
}

func noPhone(text string) string {
	return fmt.Sprintf(`"%s" is no telephone number, such as +49 30 123456.`, short(text))
}

// unbracket takes away the brackets that mark a link in a text.
func unbracket(text string) string {
	if inner, ok := strings.CutPrefix(text, "<"); ok {
		if inner, ok = strings.CutSuffix(inner, ">"); ok {
			return inner
		}
	}
	return text
}
