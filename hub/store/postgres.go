package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	connections    = 10 // of one hub; a PostgreSQL takes 100 unless told otherwise
	connectTimeout = 10 * time.Second
)

func openPostgres(ctx context.Context, rawURL string) (*engine, error) {
	cfg, err := parsePostgres(rawURL)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	explain := func(err error) error { return postgresFault(cfg, err) }
	e := &engine{
		dialect: Postgres, writer: db, reader: db, often: newPrepared(db, false), explain: explain,
		probe: func(ctx context.Context) error { return probePostgres(ctx, db, explain) },
	}
	if err := checkSchema(ctx, db, explain); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// checkSchema expects an answer, and a schema to make tables in.
func checkSchema(ctx context.Context, db *sql.DB, explain func(error) error) error {
	var schema sql.NullString
	if err := db.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return explain(err)
	}
	if !schema.Valid {
		return errors.New("database.url leads to no schema: make the one that its search_path names, or leave search_path out")
	}
	return nil
}

// parsePostgres keeps every error of net/url and pgx away from the caller that
// may quote the URL, and with it the password.
func parsePostgres(rawURL string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("database.url is no URL; write postgres://user:password@host:5432/name, " +
			"with %-escapes for what is special in the password (%2F for /, %40 for @, %25 for %)")
	}
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("database.url: %s", detail(err, u))
	}
	if cfg.ConnectTimeout == 0 || u.Query().Get("connect_timeout") == "" {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "bellhop"
	}
	return cfg, nil
}

// detail is what pgx says of a URL without the URL itself and its passwords.
func detail(err error, u *url.URL) string {
	inner := errors.Unwrap(err)
	if inner == nil {
		return "PostgreSQL's driver does not take it; write postgres://user:password@host:5432/name"
	}
	said := inner.Error()
	password, _ := u.User.Password()
	for _, secret := range []string{password, url.QueryEscape(password), u.Query().Get("password"), u.Query().Get("sslpassword")} {
		if secret != "" {
			said = strings.ReplaceAll(said, secret, "xxxxx")
		}
	}
	return said
}

func postgresFault(cfg *pgx.ConnConfig, err error) error {
	server := "PostgreSQL at " + net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return fmt.Errorf("%s did not answer; is it running, and is database.url right? %w", server, err)
	}
	switch e.Code {
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return fmt.Errorf("%s refuses user %q; check name and password in database.url: %w", server, cfg.User, err)
	case "3D000": // invalid_catalog_name
		return fmt.Errorf("%s has no database %q; make it with CREATE DATABASE or change database.url: %w", server, cfg.Database, err)
	case "42501": // insufficient_privilege
		return fmt.Errorf("%s: user %q may not do that; GRANT it CREATE on the schema: %w", server, cfg.User, err)
	case "53300": // too_many_connections
		return fmt.Errorf("%s has no connection left; raise its max_connections: %w", server, err)
	case "57P03": // cannot_connect_now
		return fmt.Errorf("%s is starting or stopping; try again in a moment: %w", server, err)
	}
	return fmt.Errorf("%s answered with an error: %w", server, err)
}

func probePostgres(ctx context.Context, db *sql.DB, explain func(error) error) error {
	var readOnly string
	if err := db.QueryRowContext(ctx, `SHOW transaction_read_only`).Scan(&readOnly); err != nil {
		return fault(ctx, "database did not answer", explain(err))
	}
	if readOnly == "on" {
		return errors.New("database answers but takes no writes: it is a standby or set to read only; point database.url to the primary")
	}
	return nil
}
